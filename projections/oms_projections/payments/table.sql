CREATE TABLE payments{v} (
    payment_id text COLLATE "C" PRIMARY KEY,
    document text NOT NULL,
    answer text NOT NULL,
    facets text[] NOT NULL,
    channel text,
    sensitive boolean NOT NULL,
    requested_at timestamptz NOT NULL,
    capture_by timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX payments{v}_requested ON payments{v} (requested_at, payment_id);

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX payments{v}_facets ON payments{v} USING gin (facets);

-- Authorisations that are to be captured before they expire: a small part of all payments.
CREATE INDEX payments{v}_capture_by ON payments{v} (capture_by) WHERE capture_by IS NOT NULL;
