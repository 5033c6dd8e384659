CREATE TABLE fulfilment_queue{v} (
    fulfilment_id text COLLATE "C" PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    channel text NOT NULL,
    location text NOT NULL,
    sensitive boolean NOT NULL,
    document text NOT NULL,
    position bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    accepted_at timestamptz,
    rejected_at timestamptz,
    picked_at timestamptz,
    packed_at timestamptz,
    picked bigint NOT NULL,
    short bigint NOT NULL,
    overdue boolean NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX fulfilment_queue{v}_order ON fulfilment_queue{v} (order_id);

-- The figures of a period.
CREATE INDEX fulfilment_queue{v}_opened ON fulfilment_queue{v} (opened_at);
