CREATE TABLE order_figures{v} (
    order_id text COLLATE "C" PRIMARY KEY,
    channel text NOT NULL,
    sensitive boolean NOT NULL,
    currency text NOT NULL,
    placed_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    deliver_by timestamptz NOT NULL,
    gross bigint NOT NULL,
    discounts bigint NOT NULL,
    tax bigint NOT NULL,
    quantity bigint NOT NULL,
    units bigint NOT NULL,
    lines bigint NOT NULL,
    allocated bigint NOT NULL,
    short bigint NOT NULL,
    short_lines bigint NOT NULL,
    ordered bigint NOT NULL,
    goods bigint NOT NULL,
    cancelled bigint NOT NULL,
    goods_cancelled bigint NOT NULL,
    goods_withheld bigint NOT NULL,
    shipped bigint NOT NULL,
    delivered bigint NOT NULL,
    returned bigint NOT NULL,
    edits bigint NOT NULL,
    edit_difference bigint NOT NULL,
    backordered bigint NOT NULL,
    backordered_at timestamptz,
    refunded bigint NOT NULL,
    claims bigint NOT NULL,
    exchanges bigint NOT NULL,
    first_shipped_at timestamptz,
    delivered_at timestamptz,
    services text[] NOT NULL,
    cancellations jsonb NOT NULL,
    dispatches jsonb NOT NULL,
    deliveries jsonb NOT NULL,
    refunds jsonb NOT NULL,
    returns jsonb NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX order_figures{v}_placed ON order_figures{v} (placed_at);

CREATE INDEX order_figures{v}_shipped ON order_figures{v} (first_shipped_at) WHERE first_shipped_at IS NOT NULL;

CREATE TABLE hold_figures{v} (
    order_id text COLLATE "C" NOT NULL,
    hold_id text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    held_at timestamptz NOT NULL,
    released_at timestamptz,
    PRIMARY KEY (order_id, hold_id)
);

CREATE TABLE payment_figures{v} (
    payment_id text COLLATE "C" PRIMARY KEY,
    order_id text NOT NULL,
    channel text,
    sensitive boolean NOT NULL,
    provider text NOT NULL,
    currency text NOT NULL,
    requested_at timestamptz NOT NULL,
    requested bigint NOT NULL,
    failed boolean NOT NULL,
    authorised_at timestamptz,
    authorised bigint NOT NULL,
    captured_at timestamptz,
    captured bigint NOT NULL,
    refunded bigint NOT NULL,
    charged_back bigint NOT NULL,
    charge_backs bigint NOT NULL,
    refund_hours jsonb NOT NULL,
    refund_requests jsonb NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX payment_figures{v}_requested ON payment_figures{v} (requested_at);

CREATE TABLE return_figures{v} (
    return_id text COLLATE "C" PRIMARY KEY,
    channel text,
    sensitive boolean NOT NULL,
    kind text NOT NULL,
    currency text,
    requested_at timestamptz NOT NULL,
    units bigint NOT NULL,
    reasons jsonb NOT NULL,
    approved boolean NOT NULL,
    declined boolean NOT NULL,
    cancelled boolean NOT NULL,
    received bigint NOT NULL,
    received_at timestamptz,
    refunded_at timestamptz,
    granted bigint NOT NULL,
    refunded bigint NOT NULL,
    exchanged bigint NOT NULL,
    fees bigint NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX return_figures{v}_requested ON return_figures{v} (requested_at);
