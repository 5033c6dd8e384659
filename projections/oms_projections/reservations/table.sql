CREATE TABLE reservations{v} (
    reservation_id text COLLATE "C" PRIMARY KEY,
    channel text,
    status text NOT NULL,
    expires_at timestamptz NOT NULL,
    document text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 70);

-- The order of lists. Few are active at a time, and of these lists are made.
CREATE INDEX reservations{v}_created ON reservations{v} (created_at, reservation_id);
CREATE INDEX reservations{v}_active ON reservations{v} (created_at, reservation_id)
    WHERE status = 'active';
