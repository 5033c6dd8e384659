-- name: begin
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: read_model
-- The first statement takes the snapshot that all others see. Statements with many optional
-- filters are planned for the filters that are set: a plan made for all would scan everything.
-- The name is composed, since this is sent in one message with `begin`.
SELECT position, version, tables, set_config('plan_cache_mode', 'force_custom_plan', true)
FROM projection_positions WHERE name = {name} AND state = 'live';

-- name: live_build
SELECT version, tables FROM projection_positions WHERE name = %(name)s AND state = 'live';

-- name: with_position
-- A statement of a read model and the position of its rows, from one snapshot. The name and the
-- statement are composed into it; one row comes back where the statement has none. Their order is
-- that of the statement: one row is joined with all of its rows.
SELECT m.position AS read_model_position, m.version AS read_model_build, q.*
FROM projection_positions AS m
LEFT JOIN LATERAL (SELECT true AS present, s.* FROM ({statement}) AS s) AS q ON true
WHERE m.name = '{name}' AND m.state = 'live';

-- name: head
-- As `read_model`, for queries of the log alone.
SELECT position, set_config('plan_cache_mode', 'force_custom_plan', true) FROM ledger_head;

-- name: history
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE originator_id = %s AND originator_version > %s AND notification_id <= %s
ORDER BY originator_version LIMIT %s;

-- name: snapshot
-- The newest snapshot of a stream up to a position and below a version. Its position is 0 where the
-- log has no event with the snapshot's version at the snapshot's position.
SELECT s.originator_id, s.originator_version, coalesce(e.notification_id, 0), s.shape, s.state,
       s.checksum
FROM snapshots AS s LEFT JOIN ledger_events AS e
    ON e.originator_id = s.originator_id AND e.originator_version = s.originator_version
    AND e.notification_id = s.notification_id
WHERE s.originator_id = %s AND s.shape = %s AND s.notification_id <= %s
  AND s.originator_version < %s AND s.checksum IS NOT NULL
ORDER BY s.originator_version DESC LIMIT 1;

-- name: snapshots
-- A page of the snapshots that are read, in order of stream and version.
SELECT s.originator_id, s.originator_version, coalesce(e.notification_id, 0), s.shape, s.state,
       s.checksum
FROM snapshots AS s LEFT JOIN ledger_events AS e
    ON e.originator_id = s.originator_id AND e.originator_version = s.originator_version
    AND e.notification_id = s.notification_id
WHERE (s.originator_id, s.originator_version) > (%s, %s) AND s.shape = ANY(%s)
  AND s.checksum IS NOT NULL
ORDER BY s.originator_id, s.originator_version LIMIT %s;

-- name: feed
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE notification_id > %s AND notification_id <= %s
  AND (%s::text[] IS NULL OR topic = ANY(%s))
ORDER BY notification_id LIMIT %s;

-- name: streams
-- From stream to stream by the index, whatever the number of events in each. The outer LIMIT ends
-- the walk.
WITH RECURSIVE stream AS (
    (SELECT originator_id AS id, notification_id AS began
     FROM ledger_events
     WHERE originator_id > %(after)s AND originator_id >= %(first)s AND originator_id < %(end)s
     ORDER BY originator_id, originator_version LIMIT 1)
    UNION ALL
    SELECT next.id, next.began FROM stream, LATERAL (
        SELECT originator_id AS id, notification_id AS began
        FROM ledger_events
        WHERE originator_id > stream.id AND originator_id < %(end)s
        ORDER BY originator_id, originator_version LIMIT 1) AS next
)
SELECT id FROM stream WHERE began <= %(position)s LIMIT %(limit)s;
