CREATE TABLE lots{v} (
    sku text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    status text NOT NULL,
    expires_on text COLLATE "C",
    on_hand bigint NOT NULL,
    damaged bigint NOT NULL,
    quarantine bigint NOT NULL,
    received_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (sku, lot, location)
) WITH (fillfactor = 70);

-- Which lots expire next.
CREATE INDEX lots{v}_expiry ON lots{v} (expires_on, sku, lot, location) WHERE on_hand > 0;

-- The key serves "of one lot, oldest first".
CREATE TABLE shipped_lots{v} (
    sku text COLLATE "C" NOT NULL,
    lot text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    location text NOT NULL,
    order_id text NOT NULL,
    line_id text NOT NULL,
    shipment_id text NOT NULL,
    quantity bigint NOT NULL,
    shipped_at timestamptz NOT NULL,
    PRIMARY KEY (sku, lot, position)
);

CREATE TABLE serials{v} (
    sku text COLLATE "C" NOT NULL,
    serial text COLLATE "C" NOT NULL,
    status text NOT NULL,
    location text NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    line_id text NOT NULL,
    shipment_id text NOT NULL,
    shipped_at timestamptz NOT NULL,
    returned_at timestamptz,
    PRIMARY KEY (sku, serial)
) WITH (fillfactor = 70);

CREATE INDEX serials{v}_order ON serials{v} (order_id);

CREATE INDEX serials{v}_serial ON serials{v} (serial);

CREATE TABLE lot_products{v} (
    sku text COLLATE "C" PRIMARY KEY,
    sensitive boolean NOT NULL
);
