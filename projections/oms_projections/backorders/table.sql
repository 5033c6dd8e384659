CREATE TABLE backorders{v} (
    sku text COLLATE "C" NOT NULL,
    location text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    line_id text COLLATE "C" NOT NULL,
    quantity bigint NOT NULL,
    position bigint NOT NULL,
    waiting_since timestamptz NOT NULL,
    preorder_id text COLLATE "C",
    available_at timestamptz,
    preordered bigint NOT NULL,
    PRIMARY KEY (sku, location, order_id, line_id)
) WITH (fillfactor = 70);

-- Who waits, the longest first: in all, and for a SKU.
CREATE INDEX backorders{v}_age ON backorders{v} (position) WHERE quantity > 0;
CREATE INDEX backorders{v}_sku ON backorders{v} (sku, position) WHERE quantity > 0;
CREATE INDEX backorders{v}_order ON backorders{v} (order_id) WHERE quantity > 0;

-- What was sold as a preorder. Without preorders it has no rows.
CREATE INDEX backorders{v}_preorder ON backorders{v} (sku, preorder_id) WHERE preorder_id IS NOT NULL;

-- Products that are or were sold before they are there.
CREATE TABLE preorders{v} (
    sku text COLLATE "C" PRIMARY KEY,
    preorder_id text COLLATE "C",
    available_at timestamptz,
    cap bigint,
    sensitive boolean NOT NULL
);
