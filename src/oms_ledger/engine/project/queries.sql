-- name: list_builds
SELECT p.name, p.version, p.shape, p.position, p.state, p.state_since, p.indexed,
       h.position, e.state, clock_timestamp(),
       (SELECT count(*) FROM parked_streams AS s WHERE s.name = p.name AND s.version = p.version)
FROM projection_positions AS p
CROSS JOIN ledger_head AS h
LEFT JOIN ledger_events AS e ON e.notification_id = p.position + 1
WHERE p.state <> 'dropped'
ORDER BY p.name, p.version;

-- name: builds_of_shape
SELECT version FROM projection_positions
WHERE name = %s AND shape = %s AND state IN ('building', 'live') ORDER BY version;

-- name: acquire_leases
-- A lease is acquired where it is free, one's own, or has expired.
UPDATE projection_positions AS p
SET lease_owner = %(owner)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
FROM unnest(%(names)s::text[], %(shapes)s::int[]) AS want (name, shape)
WHERE p.name = want.name AND p.shape = want.shape AND p.state = %(state)s
  AND (p.lease_owner IS NULL OR p.lease_owner = %(owner)s OR p.lease_until < clock_timestamp())
RETURNING p.name, p.shape, p.version, p.position, p.revision, p.indexed;

-- name: renew_leases
UPDATE projection_positions
SET lease_until = clock_timestamp() + make_interval(secs => %s)
WHERE lease_owner = %s;

-- name: release_leases
UPDATE projection_positions SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = %s;

-- name: held_by_others
SELECT EXISTS (
    SELECT 1 FROM unnest(%s::text[], %s::int[]) AS want (name, shape)
    JOIN projection_positions AS p USING (name, shape)
    WHERE p.state = %s AND p.lease_owner <> %s AND p.lease_until >= clock_timestamp());

-- name: lowest_position
SELECT coalesce(min(p.position), 0)
FROM unnest(%s::text[], %s::int[]) AS want (name, shape)
JOIN projection_positions AS p USING (name, shape)
WHERE p.state = %s;

-- name: log_page
-- The bytes of events that no read model wants are left where they are.
SELECT notification_id, originator_id, originator_version, topic,
       CASE WHEN topic = ANY(%s) THEN state END
FROM ledger_events
WHERE notification_id > %s AND notification_id <= %s
ORDER BY notification_id;

-- name: move_position
-- Compare-and-set: moves nothing where another worker has written since position and revision were
-- read. One row if it moved, and then whoever waits for the position is notified at the commit.
WITH moved AS (
    UPDATE projection_positions
    SET position = %s, revision = revision + 1, updated_at = clock_timestamp()
    WHERE name = %s AND version = %s AND position = %s AND revision = %s
    RETURNING 1
)
SELECT pg_notify('ledger_projections', '') FROM moved;

-- name: listen
LISTEN {channel};

-- name: commit_without_waiting
SELECT set_config('synchronous_commit', 'off', false);

-- name: select_rows
SELECT {columns} FROM {arrays} AS k ({key}) JOIN {table} AS t ON {match};

-- name: insert_rows
INSERT INTO {table} ({columns}) SELECT {values} FROM {arrays} AS v ({columns});

-- name: upsert_rows
INSERT INTO {table} ({columns}) SELECT {values} FROM {arrays} AS v ({columns})
ON CONFLICT ({key}) DO UPDATE SET {change};

-- name: insert_new_rows
-- For tables whose columns are all in the key.
INSERT INTO {table} ({columns}) SELECT {values} FROM {arrays} AS v ({columns})
ON CONFLICT ({key}) DO NOTHING;

-- name: copy_rows
COPY {table} ({columns}) FROM STDIN (FORMAT BINARY);

-- name: list_parked
SELECT name, version, stream, first_position, events, error, parked_at, attempts
FROM parked_streams WHERE name = %s ORDER BY first_position;

-- name: parked_stream_ids
SELECT stream FROM parked_streams WHERE name = %s AND version = %s;

-- name: park
INSERT INTO parked_streams (name, version, stream, first_position, error, parked_at)
VALUES (%s, %s, %s, %s, %s, %s);

-- name: count_left_out
UPDATE parked_streams AS p SET events = p.events + c.events
FROM unnest(%s::text[], %s::bigint[]) AS c (stream, events)
WHERE p.name = %s AND p.version = %s AND p.stream = c.stream;

-- name: lock_position
SELECT position FROM projection_positions WHERE name = %s AND version = %s FOR UPDATE;

-- name: new_revision
-- A worker that has read rows under the revision before may not write them any more.
UPDATE projection_positions SET revision = revision + 1 WHERE name = %s AND version = %s;

-- name: first_parked_position
SELECT first_position FROM parked_streams WHERE name = %s AND version = %s AND stream = %s;

-- name: events_left_out
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE originator_id = %s AND notification_id BETWEEN %s AND %s AND topic = ANY(%s)
ORDER BY originator_version;

-- name: unpark
DELETE FROM parked_streams WHERE name = %s AND version = %s AND stream = %s;

-- name: count_failed_retry
UPDATE parked_streams SET attempts = attempts + 1, error = %s
WHERE name = %s AND version = %s AND stream = %s;
