CREATE TABLE drafts{v} (
    draft_id text COLLATE "C" PRIMARY KEY,
    channel text,
    customer_id text,
    person text,
    document text NOT NULL,
    facets text[] NOT NULL,
    search text NOT NULL,
    grams text[] NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX drafts{v}_created ON drafts{v} (created_at, draft_id);

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX drafts{v}_facets ON drafts{v} USING gin (facets);

CREATE INDEX drafts{v}_grams ON drafts{v} USING gin (grams);

-- What is kept of a customer.
CREATE INDEX drafts{v}_customer ON drafts{v} (customer_id);
CREATE INDEX drafts{v}_person ON drafts{v} (person);
