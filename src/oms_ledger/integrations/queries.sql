-- name: put_secrets
INSERT INTO connection_secrets (connection, sealed, names, set_at, set_by)
VALUES (%(connection)s, %(sealed)s, %(names)s, clock_timestamp(), %(actor)s)
ON CONFLICT (connection) DO UPDATE SET
    sealed = excluded.sealed, names = excluded.names, set_at = excluded.set_at,
    set_by = excluded.set_by;

-- name: sealed_secrets
SELECT sealed FROM connection_secrets WHERE connection = %s;

-- name: secret_names
SELECT connection, names, set_at, set_by FROM connection_secrets;

-- name: record_health
-- The newest success, failure and pause of a connection; what is null stays as it is. A success ends no
-- pause that the vendor asked for.
INSERT INTO connection_health AS h (connection, last_success, last_error, last_error_at, blocked_until,
                                    rate_limit, rate_remaining, updated_at)
VALUES (%(connection)s,
        CASE WHEN %(code)s::text IS NULL THEN clock_timestamp() END,
        %(code)s::text,
        CASE WHEN %(code)s::text IS NOT NULL THEN clock_timestamp() END,
        clock_timestamp() + make_interval(secs => %(blocked_seconds)s::float8),
        %(limit)s::integer, %(remaining)s::integer, clock_timestamp())
ON CONFLICT (connection) DO UPDATE SET
    last_success = coalesce(excluded.last_success, h.last_success),
    last_error = coalesce(excluded.last_error, h.last_error),
    last_error_at = coalesce(excluded.last_error_at, h.last_error_at),
    blocked_until = greatest(excluded.blocked_until, h.blocked_until),
    rate_limit = coalesce(excluded.rate_limit, h.rate_limit),
    rate_remaining = coalesce(excluded.rate_remaining, h.rate_remaining),
    updated_at = excluded.updated_at;

-- name: list_health
SELECT connection, last_success, last_error, last_error_at,
       CASE WHEN blocked_until > clock_timestamp() THEN blocked_until END, rate_limit, rate_remaining
FROM connection_health;

-- name: store_messages
-- A message that is there already stays as it is.
INSERT INTO inbox_messages (connection, message_id, received_at, sealed, due_at)
SELECT %(connection)s, m.message_id, clock_timestamp(), m.sealed, clock_timestamp()
FROM unnest(%(message_ids)s::text[], %(sealed)s::text[]) AS m (message_id, sealed)
ON CONFLICT DO NOTHING
RETURNING message_id;

-- name: lease_messages
-- Due messages, the oldest first, of connections that are neither paused nor asked for a pause by their
-- vendor. While one is translated, it is due again when its lease expires.
WITH due AS (
    SELECT connection, message_id FROM inbox_messages AS m
    WHERE state = 'waiting' AND due_at <= clock_timestamp()
      AND connection <> ALL(%(paused)s::text[])
      AND NOT EXISTS (SELECT FROM connection_health AS h
                      WHERE h.connection = m.connection AND h.blocked_until > clock_timestamp())
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE inbox_messages AS m
SET attempts = m.attempts + 1, lease_owner = %(owner)s,
    due_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM due WHERE m.connection = due.connection AND m.message_id = due.message_id
RETURNING m.connection, m.message_id, m.received_at, m.sealed, m.attempts;

-- name: return_message
UPDATE inbox_messages
SET attempts = attempts - 1, lease_owner = NULL, due_at = clock_timestamp()
WHERE connection = %(connection)s AND message_id = %(message_id)s AND state = 'waiting'
  AND lease_owner = %(owner)s AND attempts = %(attempts)s;

-- name: message_done
UPDATE inbox_messages
SET state = 'done', ended_at = clock_timestamp(), lease_owner = NULL, code = NULL
WHERE connection = %(connection)s AND message_id = %(message_id)s AND state = 'waiting'
  AND lease_owner = %(owner)s AND attempts = %(attempts)s;

-- name: message_failed
UPDATE inbox_messages
SET state = CASE WHEN %(dead)s THEN 'dead' ELSE 'waiting' END,
    ended_at = CASE WHEN %(dead)s THEN clock_timestamp() END,
    due_at = clock_timestamp() + make_interval(secs => %(seconds)s),
    lease_owner = NULL, code = %(code)s
WHERE connection = %(connection)s AND message_id = %(message_id)s AND state = 'waiting'
  AND lease_owner = %(owner)s AND attempts = %(attempts)s;

-- name: replay_message
-- Translated again from the beginning. Its tries are counted on: their numbers are in the keys of its
-- commands, and an earlier key would be answered as it was then.
UPDATE inbox_messages
SET state = 'waiting', ended_at = NULL, due_at = clock_timestamp(),
    lease_owner = NULL
WHERE connection = %s AND message_id = %s AND state IN ('done', 'dead');

-- name: drop_message
-- It stays until its period is over, so that the same message is not taken for a new one.
UPDATE inbox_messages SET state = 'done', code = 'dropped', ended_at = clock_timestamp()
WHERE connection = %s AND message_id = %s AND state = 'dead';

-- name: inbox_messages
SELECT connection, message_id, received_at, state, attempts, due_at, code, ended_at
FROM inbox_messages
WHERE (%(connection)s::text IS NULL OR connection = %(connection)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
ORDER BY received_at DESC, connection, message_id LIMIT %(limit)s;

-- name: count_messages
-- One part for each partial index, so that those that are done are not read.
SELECT connection, 'waiting' AS state, count(*) FROM inbox_messages WHERE state = 'waiting'
GROUP BY connection
UNION ALL
SELECT connection, 'dead', count(*) FROM inbox_messages WHERE state = 'dead'
GROUP BY connection;

-- name: prune_messages
-- Those that are done. A page at a time, so that no statement takes long.
DELETE FROM inbox_messages WHERE (connection, message_id) IN (
    SELECT connection, message_id FROM inbox_messages
    WHERE received_at < clock_timestamp() - make_interval(days => %(days)s) AND state = 'done'
    ORDER BY received_at LIMIT %(limit)s);

-- name: prune_dead_messages
-- The oldest of a connection that has more dead ones than are kept.
DELETE FROM inbox_messages WHERE (connection, message_id) IN (
    SELECT connection, message_id FROM (
        SELECT connection, message_id,
               row_number() OVER (PARTITION BY connection
                                  ORDER BY received_at DESC, message_id) AS number
        FROM inbox_messages WHERE state = 'dead') AS dead
    WHERE number > %(kept)s LIMIT %(limit)s)
RETURNING connection;

-- name: sweeps
-- Of these connections those whose last sweep is old, with the cursor of the next.
SELECT w.connection, h.sweep_cursor FROM unnest(%(names)s::text[]) AS w (connection)
LEFT JOIN connection_health AS h USING (connection)
WHERE h.swept_at IS NULL OR h.swept_at < clock_timestamp() - make_interval(secs => %(seconds)s)
   OR h.swept_at > clock_timestamp();

-- name: record_sweep
INSERT INTO connection_health AS h (connection, sweep_cursor, swept_at, updated_at)
VALUES (%(connection)s, %(cursor)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (connection) DO UPDATE SET
    sweep_cursor = coalesce(excluded.sweep_cursor, h.sweep_cursor), swept_at = excluded.swept_at,
    updated_at = excluded.updated_at;
