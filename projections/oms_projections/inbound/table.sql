CREATE TABLE inbound{v} (
    inbound_id text COLLATE "C" PRIMARY KEY,
    document text NOT NULL,
    facets text[] NOT NULL,
    expected_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    received_at timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists.
CREATE INDEX inbound{v}_created ON inbound{v} (created_at, inbound_id);

CREATE INDEX inbound{v}_facets ON inbound{v} USING gin (facets);

CREATE TABLE transfers{v} (
    transfer_id text COLLATE "C" PRIMARY KEY,
    document text NOT NULL,
    facets text[] NOT NULL,
    created_at timestamptz NOT NULL,
    shipped_at timestamptz,
    received_at timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX transfers{v}_created ON transfers{v} (created_at, transfer_id);

CREATE INDEX transfers{v}_facets ON transfers{v} USING gin (facets);

-- What is expected, by SKU: the key serves "of one SKU".
CREATE TABLE incoming{v} (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    expected_at timestamptz,
    PRIMARY KEY (sku, location, source)
) WITH (fillfactor = 70);

CREATE TABLE incoming_products{v} (
    sku text COLLATE "C" PRIMARY KEY,
    sensitive boolean NOT NULL
);
