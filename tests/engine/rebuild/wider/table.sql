CREATE TABLE tallies{v} (
    sku text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    units bigint NOT NULL,
    events bigint NOT NULL,
    ratio float8 NOT NULL,
    even boolean NOT NULL,
    actors text[] NOT NULL,
    last jsonb,
    largest bigint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (sku, place)
);

CREATE INDEX tallies{v}_largest ON tallies{v} (largest);

CREATE TABLE traces{v} (
    position bigint PRIMARY KEY,
    stream text NOT NULL
);
