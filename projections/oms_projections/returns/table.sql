CREATE TABLE returns{v} (
    return_id text COLLATE "C" PRIMARY KEY,
    channel text,
    document text NOT NULL,
    facets text[] NOT NULL,
    search text NOT NULL,
    grams text[] NOT NULL,
    requested_at timestamptz NOT NULL,
    received_at timestamptz,
    closed_at timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX returns{v}_requested ON returns{v} (requested_at, return_id);

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX returns{v}_facets ON returns{v} USING gin (facets);

CREATE INDEX returns{v}_grams ON returns{v} USING gin (grams);
