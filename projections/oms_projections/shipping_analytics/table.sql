CREATE TABLE shipments{v} (
    shipment_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    order_number text NOT NULL,
    sensitive boolean NOT NULL,
    channel text NOT NULL,
    location text NOT NULL,
    carrier text NOT NULL,
    service text,
    status text NOT NULL,
    trouble text,
    tracking_number text,
    tracking_token text COLLATE "C" NOT NULL,
    units bigint NOT NULL,
    lines jsonb NOT NULL,
    packages jsonb NOT NULL,
    scans jsonb NOT NULL,
    exceptions bigint NOT NULL,
    recipient jsonb,
    city text,
    country text,
    placed_at timestamptz NOT NULL,
    ship_by timestamptz NOT NULL,
    deliver_by timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    last_scan_at timestamptz,
    delivered_at timestamptz,
    simulated boolean NOT NULL,
    version bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    first_exception_at timestamptz,
    facets text[] NOT NULL,
    search text NOT NULL,
    grams text[] NOT NULL,
    fulfilment_id text COLLATE "C"
) WITH (fillfactor = 70);

-- The order of lists. Conditions on the dates after it are checked without a look at the row.
CREATE INDEX shipments{v}_created ON shipments{v} (created_at, shipment_id, dispatched_at, delivered_at);

-- Filters by a rare value go by this one, by a frequent one along the order of the list.
CREATE INDEX shipments{v}_facets ON shipments{v} USING gin (facets);

CREATE INDEX shipments{v}_grams ON shipments{v} USING gin (grams);

CREATE INDEX shipments{v}_order ON shipments{v} (order_id);

-- Shipments that are late or may become so. The condition is that of the filter `late`.
CREATE INDEX shipments{v}_late ON shipments{v} (created_at, shipment_id)
WHERE (dispatched_at IS NULL OR delivered_at IS NULL OR dispatched_at > ship_by OR delivered_at > deliver_by);

CREATE INDEX shipments{v}_token ON shipments{v} (tracking_token);

-- What each order promised, with or without shipments.
CREATE TABLE shipping_promises{v} (
    order_id text COLLATE "C" PRIMARY KEY,
    sensitive boolean NOT NULL,
    channel text NOT NULL,
    placed_at timestamptz NOT NULL,
    ship_by timestamptz NOT NULL,
    deliver_by timestamptz NOT NULL,
    ordered bigint NOT NULL,
    units bigint NOT NULL,
    cancelled_at timestamptz,
    services text[] NOT NULL
);

CREATE INDEX shipping_promises{v}_placed ON shipping_promises{v} (placed_at);
