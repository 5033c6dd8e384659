-- name: lock_head
SELECT position, recorded_at, clock_timestamp() FROM ledger_head FOR UPDATE;

-- name: head_table
-- By its number: the login itself may have no right to look up names in the schema.
SELECT 'ledger_head'::regclass::oid;

-- name: act_as_login
-- For the rest of the transaction.
SELECT set_config('role', 'none', true);

-- name: end_lost_holders
-- Sessions of this program whose transaction is older than the time that this one has waited for
-- the head lock, and which wait for their client. Reading the head takes an AccessShareLock. They
-- are found first: among other conditions, the end of a session may come before the join, and
-- sessions end that hold no lock.
WITH holders AS MATERIALIZED (
    SELECT DISTINCT a.pid
    FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid AND l.granted
    WHERE l.relation = %s AND l.mode <> 'AccessShareLock' AND a.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND a.datname = current_database()
      AND a.application_name = current_setting('application_name')
      AND a.wait_event_type = 'Client'
      AND a.xact_start < clock_timestamp() - make_interval(secs => %s))
SELECT pid FROM holders WHERE pg_terminate_backend(pid);

-- name: head
SELECT position FROM ledger_head;

-- name: load_snapshots
-- The newest snapshot of each stream below a version. Its position is 0 where the log has no event
-- with the snapshot's version at the snapshot's position.
SELECT s.originator_id, s.originator_version, coalesce(e.notification_id, 0), s.shape, s.state,
       s.checksum
FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS want (id, shape, below)
CROSS JOIN LATERAL (
    SELECT * FROM snapshots
    WHERE originator_id = want.id AND shape = want.shape AND checksum IS NOT NULL
      AND originator_version < want.below
    ORDER BY originator_version DESC LIMIT 1
) AS s
LEFT JOIN ledger_events AS e
    ON e.originator_id = s.originator_id AND e.originator_version = s.originator_version
    AND e.notification_id = s.notification_id;

-- name: load_events
-- Events after the version known, or after the newest usable snapshot where nothing is known.
SELECT e.originator_id, e.originator_version, e.topic, e.state, e.notification_id
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS want (id, version, shape)
CROSS JOIN LATERAL (
    SELECT * FROM ledger_events
    WHERE originator_id = want.id
      AND originator_version > CASE WHEN want.version > 0 THEN want.version ELSE coalesce((
            SELECT max(originator_version) FROM snapshots
            WHERE originator_id = want.id AND shape = want.shape AND checksum IS NOT NULL), 0) END
    ORDER BY originator_version
) AS e;

-- name: load_category
-- A category is a range of ids: '-' is followed by '.' in the "C" collation.
SELECT originator_id, originator_version, topic, state, notification_id
FROM ledger_events WHERE originator_id >= %s AND originator_id < %s
ORDER BY originator_id, originator_version;

-- name: load_names
-- The streams whose names begin with a prefix and end before `beyond`, one look into the index for
-- each: streams are found without reading their events.
WITH RECURSIVE names (id, beyond) AS (
    SELECT first.id, want.beyond FROM unnest(%s::text[], %s::text[]) AS want (prefix, beyond)
    CROSS JOIN LATERAL (
        SELECT originator_id AS id FROM ledger_events
        WHERE originator_id >= want.prefix AND originator_id < want.beyond
        ORDER BY originator_id LIMIT 1
    ) AS first
    UNION ALL
    SELECT next.id, names.beyond FROM names CROSS JOIN LATERAL (
        SELECT originator_id AS id FROM ledger_events
        WHERE originator_id > names.id AND originator_id < names.beyond
        ORDER BY originator_id LIMIT 1
    ) AS next
)
SELECT id FROM names;

-- name: load_receipts
SELECT r.scope, r.key, r.fingerprint, r.outcome
FROM unnest(%s::text[], %s::text[]) AS want (scope, key)
JOIN receipts AS r ON r.scope = want.scope AND r.key = want.key;

-- name: load_subject_keys
SELECT key_id, subject, destroyed_at IS NULL FROM subject_keys WHERE key_id = ANY(%s::text[])
UNION
SELECT key_id, subject, true FROM subject_keys
WHERE subject = ANY(%s::text[]) AND destroyed_at IS NULL;

-- name: insert_subject_keys
-- New keys, and entries of the index that lead from e-mail addresses to keys, those of known persons
-- too. A key that is being destroyed gets none: that waits for the head lock, which is held here.
WITH made AS (
    INSERT INTO subject_keys (key_id, subject, wrapped, kek_id, created_at)
    SELECT n.*, %s::timestamptz FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::text[]) AS n
    RETURNING key_id
)
INSERT INTO subject_index (blind, key_id)
SELECT p.blind, p.key_id FROM unnest(%s::text[], %s::text[]) AS p (blind, key_id)
CROSS JOIN LATERAL (
    SELECT FROM made WHERE made.key_id = p.key_id
    UNION ALL
    SELECT FROM subject_keys AS k WHERE k.key_id = p.key_id AND k.destroyed_at IS NULL
    LIMIT 1
) AS living
ON CONFLICT DO NOTHING;

-- name: append_events
-- All that a small batch of events needs, in one statement. It divides by zero, and so undoes the
-- whole batch, unless exactly the expected head was moved.
WITH moved AS (
    UPDATE ledger_head SET position = %s, recorded_at = %s WHERE position = %s RETURNING 1
), appended AS (
    INSERT INTO ledger_events (originator_id, originator_version, topic, state, notification_id)
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[], %s::bigint[])
)
SELECT 1 / count(*), (SELECT pg_notify('ledger_events', '')) FROM moved;

-- name: move_head
-- The same without the events, which were copied before.
WITH moved AS (
    UPDATE ledger_head SET position = %s, recorded_at = %s WHERE position = %s RETURNING 1
)
SELECT 1 / count(*), (SELECT pg_notify('ledger_events', '')) FROM moved;

-- name: copy_events
COPY ledger_events (originator_id, originator_version, topic, state, notification_id)
FROM STDIN (FORMAT BINARY);

-- name: insert_receipts
INSERT INTO receipts (scope, key, fingerprint, outcome, recorded_at)
SELECT r.scope, r.key, r.fingerprint, r.outcome, %s
FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::bytea[])
    AS r (scope, key, fingerprint, outcome);

-- name: insert_snapshots
INSERT INTO snapshots (originator_id, originator_version, notification_id, shape, state, checksum)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::bytea[], %s::bytea[])
ON CONFLICT DO NOTHING;

-- name: stored_event
SELECT originator_id, topic, state FROM ledger_events WHERE notification_id = %s;

-- name: stored_state
SELECT state FROM ledger_events WHERE notification_id = %s;

-- name: insert_events
-- For the recorder of the library, which moves the head by itself.
INSERT INTO ledger_events (originator_id, originator_version, topic, state, notification_id)
SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[], %s::bigint[]);

-- name: recorder_moves_head
-- The ledger's time never runs backwards, whatever this machine's clock does.
UPDATE ledger_head SET position = %s, recorded_at = greatest(recorded_at, %s)
WHERE position = %s;

-- name: listen
LISTEN {channel};

-- name: unlisten
UNLISTEN *;

-- name: positions
-- The position of each live read model, and of the log under the empty name.
SELECT name, position FROM projection_positions WHERE state = 'live'
UNION ALL SELECT '', position FROM ledger_head;

-- name: clocks
SELECT clock_timestamp(), recorded_at, position FROM ledger_head;

-- name: clock_corrections
SELECT position, was, corrected_at, actor, reason FROM clock_corrections ORDER BY position;

-- name: correct_clock
INSERT INTO clock_corrections (position, was, corrected_at, actor, reason)
VALUES (%s, %s, %s, %s, %s);

-- name: set_ledger_time
UPDATE ledger_head SET recorded_at = %s;

-- name: corrections_around
-- Between two corrections of the ledger's time the times of events never fall.
SELECT coalesce(max(position) FILTER (WHERE corrected_at <= %(moment)s), 0),
       min(position) FILTER (WHERE corrected_at > %(moment)s)
FROM clock_corrections;
