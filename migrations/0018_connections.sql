-- What is kept of accounts at vendors beside the log: their secrets, which may be replaced and must never
-- be in the log; how the vendor answers; and the messages that vendors send.

-- The secrets of one connection, sealed by the data key of the subject `connection:<name>`. They open for
-- the vendor and the base URL they were entered for and for no other: who may change a connection cannot
-- have its secrets sent elsewhere.
CREATE TABLE connection_secrets (
    connection text COLLATE "C" PRIMARY KEY,
    sealed text NOT NULL,
    -- What is sealed, by name alone.
    names text[] NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL
);

-- How each vendor answered last. Nothing here is history; a row that is deleted is written again.
CREATE TABLE connection_health (
    connection text COLLATE "C" PRIMARY KEY,
    last_success timestamptz,
    -- A code of the program's own, never a text of the vendor's.
    last_error text,
    last_error_at timestamptz,
    -- The vendor has asked for no calls until then.
    blocked_until timestamptz,
    -- What the vendor allows and has left, where it says so.
    rate_limit integer,
    rate_remaining integer,
    -- Where the next sweep of the vendor's messages begins: a text of the vendor's adapter.
    sweep_cursor text,
    swept_at timestamptz,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Messages of vendors as they came, sealed, until what they say is in the log and their period is over.
-- A message that comes again has the same id, and changes nothing.
CREATE TABLE inbox_messages (
    connection text COLLATE "C" NOT NULL,
    message_id text COLLATE "C" NOT NULL,
    received_at timestamptz NOT NULL,
    -- Headers and body.
    sealed text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    lease_owner text,
    -- The code of the newest failure. It holds no personal data.
    code text,
    ended_at timestamptz,
    PRIMARY KEY (connection, message_id),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) WITH (fillfactor = 80);

CREATE INDEX inbox_messages_due ON inbox_messages (due_at) WHERE state = 'waiting';

CREATE INDEX inbox_messages_dead ON inbox_messages (received_at) WHERE state = 'dead';

CREATE INDEX inbox_messages_received ON inbox_messages (received_at);
