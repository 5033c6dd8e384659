-- name: lock_builds
-- One at a time makes, swaps and drops builds of this ledger; migrations/post-apply.sql takes the
-- same lock.
SELECT pg_advisory_xact_lock(hashtextextended('oms-ledger read models ' || current_schema, 0));

-- name: list_builds
SELECT name, version, shape, tables, state, state_since, position, indexed,
       coalesce(lease_until > clock_timestamp(), false)
FROM projection_positions WHERE name = %s AND state <> 'dropped' ORDER BY version;

-- name: shapes_in_use
SELECT DISTINCT name, shape FROM projection_positions WHERE state IN ('building', 'live');

-- name: last_number
SELECT coalesce(max(version), 0) FROM projection_positions WHERE name = %s;

-- name: add_build
INSERT INTO projection_positions
    (name, version, shape, tables, state, indexed, state_since, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp(), clock_timestamp());

-- name: set_state
-- The lease ends: the worker that folds builds of the state before may not be the one that folds
-- those of the new state.
UPDATE projection_positions
SET state = %s, state_since = clock_timestamp(), revision = revision + 1,
    lease_owner = NULL, lease_until = NULL
WHERE name = %s AND version = %s;

-- name: lock_live
SELECT version FROM projection_positions WHERE name = %s AND state = 'live' FOR UPDATE;

-- name: lock_position
SELECT position FROM projection_positions WHERE name = %s AND version = %s FOR UPDATE;

-- name: lock_revision
SELECT position, revision FROM projection_positions
WHERE name = %s AND version = %s FOR UPDATE;

-- name: try_lock_indexes
SELECT pg_try_advisory_xact_lock(
    hashtextextended(concat_ws(' ', 'oms-ledger build', current_schema, %s::text, %s::text), 0));

-- name: set_indexed
UPDATE projection_positions SET indexed = true WHERE name = %s AND version = %s;

-- name: unpark_all
DELETE FROM parked_streams WHERE name = %s AND version = %s;

-- name: remove_dropped
-- The newest row stays, so that no number is given twice.
DELETE FROM projection_positions AS p
WHERE p.name = %s AND p.state = 'dropped'
  AND p.version < (SELECT max(version) FROM projection_positions WHERE name = p.name);

-- name: orphaned
-- The live build is of none of these shapes, and no worker has folded it for a while.
SELECT 1 FROM projection_positions
WHERE name = %s AND state = 'live' AND shape <> ALL(%s)
  AND (lease_until IS NULL OR lease_until < clock_timestamp() - make_interval(secs => %s));

-- name: open_transactions
-- A transaction that is open may have begun while a build was still live, and yet read its tables.
-- The owner may not see when those of other logins began; everybody may see that they are open.
SELECT l.virtualtransaction FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND a.usesysid IS NOT NULL
  AND a.datname = current_database() AND a.pid <> pg_backend_pid();

-- name: table_exists
SELECT to_regclass(%s) IS NOT NULL;

-- name: set_lock_timeout
-- In milliseconds, for the transaction.
SELECT set_config('lock_timeout', %s, true);

-- name: no_statement_timeout
SELECT set_config('statement_timeout', '0', true);

-- name: current_schema
SELECT current_schema;

-- name: create_view
CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table};

-- name: drop_view
DROP VIEW IF EXISTS {view};

-- name: drop_tables
DROP TABLE IF EXISTS {tables};

-- name: analyze
ANALYZE {tables};

-- name: grant
GRANT {verbs} ON {tables} TO {role};

-- name: column_types
SELECT attname, atttypid::bigint FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped;

-- name: columns
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;

-- name: primary_key
SELECT a.attname
FROM pg_index AS i
CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = %s::regclass AND i.indisprimary ORDER BY k.place;

-- name: begin_snapshot
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: positions
SELECT position FROM projection_positions WHERE name = %s AND version = ANY(%s);

-- name: plan_comparison
-- A range of keys looks like a fifth of the table to the planner. It is a thousand rows, and to scan
-- all of the table for each range takes a minute where it should take a second.
SELECT set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('enable_seqscan', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true);

-- name: key_ranges
-- The last key of each thousand rows or so, as text.
SELECT {texts} FROM (
    SELECT {key}, row_number() OVER (ORDER BY {key}) AS nth FROM {table}) AS numbered
WHERE nth % {size} = 0 ORDER BY {key};

-- name: count_rows
SELECT count(*) FROM {table} WHERE {within};

-- name: checksum
SELECT sha256(convert_to(string_agg(ROW({columns})::text, E'\n' ORDER BY {key}), 'UTF8'))
FROM {table} WHERE {within};

-- name: differing_rows
SELECT {keys}, a.here, b.here, {ones}, {others}
FROM (SELECT true AS here, * FROM {one} WHERE {within}) AS a
FULL JOIN (SELECT true AS here, * FROM {other} WHERE {within}) AS b ON {match}
WHERE ROW(a.here, {ones})::text <> ROW(b.here, {others})::text
ORDER BY {order};

-- name: head
SELECT position FROM ledger_head;

-- name: log_part
-- The events of every stream whose hash has this remainder. `%%` keeps the sign of the hash, whose
-- halves are alike.
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE notification_id > %(after)s AND notification_id <= %(until)s AND topic = ANY(%(topics)s)
  AND abs(hashtextextended(originator_id, 0) %% %(parts)s) = %(part)s
ORDER BY notification_id;
