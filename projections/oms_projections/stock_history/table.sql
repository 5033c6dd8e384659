-- What a SKU is worth now, and what the next event is folded with.
CREATE TABLE stock_valuations{v} (
    sku text COLLATE "C" PRIMARY KEY,
    currency text NOT NULL,
    unit_cost bigint NOT NULL,
    on_hand bigint NOT NULL,
    average_value bigint NOT NULL,
    layers text NOT NULL,
    received_on text,
    sold_on text,
    day text COLLATE "C" NOT NULL,
    received bigint NOT NULL,
    sold bigint NOT NULL,
    returned bigint NOT NULL,
    lost bigint NOT NULL,
    gained bigint NOT NULL,
    cost_fifo bigint NOT NULL,
    cost_average bigint NOT NULL,
    lost_value bigint NOT NULL,
    steps bigint NOT NULL
) WITH (fillfactor = 70);

-- One row for each day on which a SKU changed. The key serves "the last one before a day".
CREATE TABLE stock_days{v} (
    sku text COLLATE "C" NOT NULL,
    day text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    on_hand bigint NOT NULL,
    value_unit_cost bigint NOT NULL,
    value_fifo bigint NOT NULL,
    value_average bigint NOT NULL,
    received_on text,
    sold_on text,
    received bigint NOT NULL,
    sold bigint NOT NULL,
    returned bigint NOT NULL,
    lost bigint NOT NULL,
    gained bigint NOT NULL,
    cost_fifo bigint NOT NULL,
    cost_average bigint NOT NULL,
    lost_value bigint NOT NULL,
    PRIMARY KEY (sku, day)
) WITH (fillfactor = 70);

CREATE INDEX stock_days{v}_day ON stock_days{v} (day);

CREATE TABLE stock_products{v} (
    sku text COLLATE "C" PRIMARY KEY,
    sensitive boolean NOT NULL,
    steps bigint NOT NULL
);

CREATE TABLE count_figures{v} (
    count_id text COLLATE "C" PRIMARY KEY,
    location text NOT NULL,
    approved_at timestamptz,
    counted text NOT NULL,
    skus bigint NOT NULL,
    exact bigint NOT NULL,
    variance bigint NOT NULL,
    units bigint NOT NULL
);

CREATE INDEX count_figures{v}_approved ON count_figures{v} (approved_at);
