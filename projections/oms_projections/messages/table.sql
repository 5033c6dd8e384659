CREATE TABLE messages{v} (
    message_id text COLLATE "C" PRIMARY KEY,
    channel text NOT NULL,
    document text NOT NULL,
    facets text[] NOT NULL,
    requested_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX messages{v}_requested ON messages{v} (requested_at, message_id);

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX messages{v}_facets ON messages{v} USING gin (facets);
