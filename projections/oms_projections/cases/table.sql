CREATE TABLE cases{v} (
    case_id text COLLATE "C" PRIMARY KEY,
    channel text NOT NULL,
    document text NOT NULL,
    facets text[] NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    closed_at timestamptz,
    closed_by text,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX cases{v}_opened ON cases{v} (opened_at, case_id);

-- The order of the desk's list: those that are open, the oldest first.
CREATE INDEX cases{v}_open ON cases{v} (opened_at, case_id) WHERE closed_at IS NULL;

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX cases{v}_facets ON cases{v} USING gin (facets);
