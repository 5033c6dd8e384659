-- What makes a retry safe, and a long stream quick to load.
-- A receipt is the first answer given under an idempotency key, written in the transaction of
-- the events it answers for: after a lost reply it tells whether the command happened.
CREATE TABLE receipts (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    outcome bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);

CREATE INDEX receipts_recorded_at ON receipts (recorded_at);

-- A folded state of a stream at a version. Derived: may be deleted at any time. `shape`
-- fingerprints the state's class, so that a snapshot of yesterday's shape is never read.
CREATE TABLE snapshots (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    notification_id bigint NOT NULL,
    shape text NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);
