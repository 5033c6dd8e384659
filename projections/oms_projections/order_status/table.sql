-- The order whole: for folding, and as it is answered, alone and in lists. Only ever found by its
-- key.
CREATE TABLE order_dossiers{v} (
    order_id text COLLATE "C" PRIMARY KEY,
    document text NOT NULL,
    answer text NOT NULL,
    item text NOT NULL,
    version bigint NOT NULL,
    sensitive boolean NOT NULL
) WITH (fillfactor = 80);

-- What lists show. No index on what changes (status, updated_at): an update then touches no
-- index at all, and a scan of these narrow rows is quick at 100,000 orders.
CREATE TABLE orders{v} (
    order_id text COLLATE "C" PRIMARY KEY,
    number text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    channel text NOT NULL,
    external_id text,
    sensitive boolean NOT NULL,
    status text NOT NULL,
    payment text NOT NULL,
    fulfilment text NOT NULL,
    returned text NOT NULL,
    on_hold boolean NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    units bigint NOT NULL,
    line_count bigint NOT NULL,
    locations text[] NOT NULL,
    customer_id text,
    customer jsonb,
    person text COLLATE "C",
    country text COLLATE "C",
    search text NOT NULL,
    placed_at timestamptz NOT NULL,
    ship_by timestamptz NOT NULL,
    deliver_by timestamptz NOT NULL,
    shipped_at timestamptz,
    last_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX orders{v}_placed ON orders{v} (placed_at, order_id);

CREATE INDEX orders{v}_customer ON orders{v} (customer_id) WHERE customer_id IS NOT NULL;

CREATE INDEX orders{v}_person ON orders{v} (person) WHERE person IS NOT NULL;

CREATE TABLE order_lines{v} (
    order_id text COLLATE "C" NOT NULL,
    line_id text COLLATE "C" NOT NULL,
    sku text COLLATE "C" NOT NULL,
    ordered bigint NOT NULL,
    allocated bigint NOT NULL,
    packed bigint NOT NULL,
    backordered bigint NOT NULL,
    shipped bigint NOT NULL,
    delivered bigint NOT NULL,
    cancelled bigint NOT NULL,
    returned bigint NOT NULL,
    PRIMARY KEY (order_id, line_id)
) WITH (fillfactor = 70);

CREATE INDEX order_lines{v}_sku ON order_lines{v} (sku);

CREATE TABLE order_parcels{v} (
    shipment_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    location text NOT NULL,
    carrier text NOT NULL,
    service text,
    tracking_number text
);

CREATE INDEX order_parcels{v}_order ON order_parcels{v} (order_id);
