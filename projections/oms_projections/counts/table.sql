CREATE TABLE counts{v} (
    count_id text COLLATE "C" PRIMARY KEY,
    document text NOT NULL,
    facets text[] NOT NULL,
    created_at timestamptz NOT NULL,
    closed_at timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX counts{v}_created ON counts{v} (created_at, count_id);

CREATE INDEX counts{v}_facets ON counts{v} USING gin (facets);
