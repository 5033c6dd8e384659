-- What was received, by SKU and place; a comment may hold anything.
CREATE TABLE tallies{v} (
    sku text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    units bigint NOT NULL,
    events bigint NOT NULL,
    ratio float8 NOT NULL,
    even boolean NOT NULL,
    actors text[] NOT NULL,
    last jsonb,
    note text,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (sku, place)
);

CREATE INDEX tallies{v}_units ON tallies{v} (units);

CREATE TABLE traces{v} (
    position bigint PRIMARY KEY,
    stream text NOT NULL
);
