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
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX shipments{v}_created ON shipments{v} (created_at, shipment_id);

CREATE INDEX shipments{v}_token ON shipments{v} (tracking_token);
