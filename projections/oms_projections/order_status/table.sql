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

-- What lists filter and sort by. What is shown is in order_dossiers: a scan of these narrow rows is
-- quick. The index of the key has what they are sorted by, for orders that another table finds.
CREATE TABLE orders{v} (
    order_id text COLLATE "C" NOT NULL,
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
    tags text[] NOT NULL,
    archived boolean NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    cancelled_total bigint NOT NULL,
    units bigint NOT NULL,
    line_count bigint NOT NULL,
    locations text[] NOT NULL,
    customer_id text,
    customer jsonb,
    person text COLLATE "C",
    country text COLLATE "C",
    facets text[] NOT NULL,
    placed_at timestamptz NOT NULL,
    ship_by timestamptz NOT NULL,
    deliver_by timestamptz NOT NULL,
    shipped_at timestamptz,
    delivered_at timestamptz,
    last_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (order_id) INCLUDE (placed_at, updated_at, number, total)
) WITH (fillfactor = 80);

CREATE INDEX orders{v}_placed ON orders{v} (placed_at, order_id);

CREATE INDEX orders{v}_updated ON orders{v} (updated_at, order_id);

CREATE INDEX orders{v}_delivered ON orders{v} (delivered_at) WHERE delivered_at IS NOT NULL;

-- Whatever part of the numbers is looked for, its orders are sorted without their rows.
CREATE INDEX orders{v}_number ON orders{v} (number, order_id)
INCLUDE (placed_at, updated_at, total);

-- Week by week of those in which orders were placed: for periods by one date in the order of another
-- column. Weeks are counted from 1970.
CREATE INDEX orders{v}_week_updated
ON orders{v} (date_bin('7 days', placed_at, '1970-01-01 00:00:00+00'), updated_at, order_id)
INCLUDE (placed_at, delivered_at);

CREATE INDEX orders{v}_week_number
ON orders{v} (date_bin('7 days', placed_at, '1970-01-01 00:00:00+00'), number, order_id)
INCLUDE (placed_at, updated_at, delivered_at);

CREATE INDEX orders{v}_total ON orders{v} (total, order_id);

-- Filters by a rare value go by this one, by a frequent one along an index of the sort order.
CREATE INDEX orders{v}_facets ON orders{v} USING gin (facets);

-- Orders that are late or may become so. The condition is that of the filter `late`.
CREATE INDEX orders{v}_late ON orders{v} (placed_at, order_id)
WHERE (shipped_at IS NULL OR delivered_at IS NULL OR shipped_at > ship_by OR delivered_at > deliver_by);

-- Orders that are not settled, a small part of all: by each order of sorting that goes with time, so
-- that they lie at its end. The condition is that of the filter `is_open`.
CREATE INDEX orders{v}_open_placed ON orders{v} (placed_at, order_id)
WHERE (status IN ('pending', 'scheduled', 'confirmed', 'processing', 'fulfilled')
    OR fulfilment IN ('unfulfilled', 'backordered', 'partially_shipped', 'shipped', 'partially_delivered')
    OR payment IN ('pending', 'requires_action', 'authorised', 'partially_authorised', 'partially_paid', 'credit_owed'));

CREATE INDEX orders{v}_open_updated ON orders{v} (updated_at, order_id)
WHERE (status IN ('pending', 'scheduled', 'confirmed', 'processing', 'fulfilled')
    OR fulfilment IN ('unfulfilled', 'backordered', 'partially_shipped', 'shipped', 'partially_delivered')
    OR payment IN ('pending', 'requires_action', 'authorised', 'partially_authorised', 'partially_paid', 'credit_owed'));

CREATE INDEX orders{v}_open_number ON orders{v} (number, order_id)
WHERE (status IN ('pending', 'scheduled', 'confirmed', 'processing', 'fulfilled')
    OR fulfilment IN ('unfulfilled', 'backordered', 'partially_shipped', 'shipped', 'partially_delivered')
    OR payment IN ('pending', 'requires_action', 'authorised', 'partially_authorised', 'partially_paid', 'credit_owed'));

CREATE INDEX orders{v}_unarchived_placed ON orders{v} (placed_at, order_id) WHERE NOT archived;

CREATE INDEX orders{v}_unarchived_updated ON orders{v} (updated_at, order_id) WHERE NOT archived;

CREATE INDEX orders{v}_unarchived_number ON orders{v} (number, order_id) WHERE NOT archived;

CREATE INDEX orders{v}_external ON orders{v} (external_id) WHERE external_id IS NOT NULL;

CREATE INDEX orders{v}_customer ON orders{v} (customer_id, placed_at, order_id)
WHERE customer_id IS NOT NULL;

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

CREATE INDEX order_lines{v}_sku ON order_lines{v} (sku, order_id);

CREATE TABLE order_parcels{v} (
    shipment_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    location text NOT NULL,
    carrier text NOT NULL,
    service text,
    tracking_number text
);

CREATE INDEX order_parcels{v}_order ON order_parcels{v} (order_id);

-- What finds an order by `q`.
CREATE TABLE order_terms{v} (
    order_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    shipment_id text COLLATE "C" NOT NULL,
    term text NOT NULL,
    grams text[] NOT NULL,
    sensitive boolean NOT NULL,
    PRIMARY KEY (order_id, kind, shipment_id) INCLUDE (term, sensitive)
);

-- Numbers apart: where most of what is found by words are numbers, these are found along their index.
CREATE INDEX order_terms{v}_number_grams ON order_terms{v} USING gin (grams) WHERE kind = 'number';

CREATE INDEX order_terms{v}_grams ON order_terms{v} USING gin (grams) WHERE kind <> 'number';

-- The weeks, counted from 1970, in which there ever were orders with a value that lists filter by, or
-- that were delivered in a week, by the `date` at which they were placed or updated: where a walk
-- along those dates begins.
CREATE TABLE order_weeks{v} (
    facet text COLLATE "C" NOT NULL,
    date text COLLATE "C" NOT NULL,
    week bigint NOT NULL,
    PRIMARY KEY (facet, date, week)
);

-- What the numbers of orders with a value that lists filter by begin with: where a walk along the
-- numbers begins.
CREATE TABLE order_numbers{v} (
    facet text COLLATE "C" NOT NULL,
    beginning text COLLATE "C" NOT NULL,
    PRIMARY KEY (facet, beginning)
);
