CREATE TABLE customers{v} (
    customer_id text COLLATE "C" PRIMARY KEY,
    tags text[] NOT NULL,
    forgotten bigint NOT NULL,
    restricted boolean NOT NULL
);

CREATE INDEX customers{v}_tags ON customers{v} USING gin (tags);

CREATE TABLE customer_orders{v} (
    order_id text COLLATE "C" PRIMARY KEY,
    customer_id text COLLATE "C",
    placed_at timestamptz NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    units bigint NOT NULL,
    cancelled bigint NOT NULL,
    paid bigint NOT NULL,
    refunded bigint NOT NULL,
    returned bigint NOT NULL,
    payments jsonb NOT NULL,
    returns jsonb NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX customer_orders{v}_customer ON customer_orders{v} (customer_id) WHERE customer_id IS NOT NULL;
