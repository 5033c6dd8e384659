-- Balances, one row per SKU and location. Updated in place all day: room is left on each page.
CREATE TABLE stock{v} (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    on_hand bigint NOT NULL,
    allocated bigint NOT NULL,
    held bigint NOT NULL,
    backordered bigint NOT NULL,
    incoming bigint NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    damaged bigint NOT NULL,
    quarantine bigint NOT NULL,
    blocked bigint NOT NULL,
    PRIMARY KEY (sku, location)
) WITH (fillfactor = 70);

-- Every change. Only ever appended to. The key serves "newest first of a SKU".
CREATE TABLE stock_movements{v} (
    sku text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    location text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    quantity bigint NOT NULL,
    on_hand bigint NOT NULL,
    on_hand_change bigint NOT NULL,
    allocated bigint NOT NULL,
    allocated_change bigint NOT NULL,
    backordered bigint NOT NULL,
    backordered_change bigint NOT NULL,
    held bigint NOT NULL,
    held_change bigint NOT NULL,
    order_id text,
    line_id text,
    shipment_id text,
    reference text,
    reason text,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_at timestamptz,
    reservation_id text,
    PRIMARY KEY (sku, position)
);

CREATE TABLE products{v} (
    sku text COLLATE "C" PRIMARY KEY,
    title text NOT NULL,
    stocked boolean NOT NULL,
    weight_g bigint,
    dimensions_mm jsonb,
    unit_cost bigint,
    currency text,
    backorder_limit bigint,
    safety_stock bigint NOT NULL,
    safety_stock_at jsonb NOT NULL,
    preorder jsonb,
    components jsonb NOT NULL,
    search text NOT NULL,
    sensitive boolean NOT NULL,
    product_category text,
    unit_of_measure jsonb,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE locations{v} (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    kind text NOT NULL,
    site jsonb NOT NULL,
    priority bigint NOT NULL,
    daily_capacity bigint,
    latitude bigint,
    longitude bigint,
    closed boolean NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Alerts of SKUs. Only a shop that sets some has rows here.
CREATE TABLE stock_alerts{v} (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    threshold bigint,
    low boolean NOT NULL,
    available bigint,
    crossed_at timestamptz,
    version bigint NOT NULL,
    PRIMARY KEY (sku, location, channel)
);

-- Channels with settings. They are few.
CREATE TABLE sales_channels{v} (
    channel text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL
);
