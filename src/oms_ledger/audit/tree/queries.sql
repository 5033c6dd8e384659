-- name: tree_state
SELECT t.ledger_id, t.size, t.root, h.position,
       coalesce((SELECT max(notification_id) FROM ledger_events), 0)
FROM merkle_tree AS t CROSS JOIN ledger_head AS h;

-- name: copy_leaves
-- In binary, a row of this is the leaf as it is hashed: audit/standalone/hashes.py, `leaf`.
COPY (
    SELECT notification_id, originator_id, originator_version, topic,
           CASE WHEN octet_length(state) <= 32768 THEN state END,
           CASE WHEN octet_length(state) > 32768 THEN sha256(state) END
    FROM ledger_events WHERE notification_id > %s AND notification_id <= %s
    ORDER BY notification_id
) TO STDOUT (FORMAT BINARY);

-- name: events
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events WHERE notification_id > %s AND notification_id <= %s
ORDER BY notification_id;

-- name: stream_starts
-- A category is a range of ids: '-' is followed by '.' in the "C" collation.
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE originator_id > %s AND originator_id < %s AND originator_version = 1
ORDER BY originator_id LIMIT %s;

-- name: tiles
SELECT t.level, t.index, t.hashes
FROM unnest(%s::bigint[], %s::bigint[]) AS want (level, index)
JOIN merkle_tiles AS t ON t.level = want.level AND t.index = want.index;

-- name: signing_keys
SELECT name, public_key, from_size, rotation FROM merkle_keys ORDER BY number;

-- name: newest_checkpoint
SELECT number, size, root, note, signed_at FROM merkle_checkpoints WHERE size <= %s
ORDER BY size DESC, number DESC LIMIT 1;

-- name: checkpoints
SELECT number, size, root, note, signed_at FROM merkle_checkpoints WHERE (size, number) > (%s, %s)
ORDER BY size, number LIMIT %s;

-- name: seal
-- A whole seal in one statement, which writes nothing where the tree has another size by now. Its
-- commit does not wait for the disk: a seal that is lost in a crash of the server is made again, and
-- is the same.
WITH grown AS (
    UPDATE merkle_tree SET size = %(size)s, root = %(root)s WHERE size = %(old_size)s RETURNING size
), tiles AS (
    INSERT INTO merkle_tiles (level, index, width, hashes)
    SELECT level, index, octet_length(hashes) / 32, hashes
    FROM grown, unnest(%(levels)s::bigint[], %(indexes)s::bigint[], %(hashes)s::bytea[])
        AS t (level, index, hashes)
    ON CONFLICT (level, index) DO UPDATE SET width = excluded.width, hashes = excluded.hashes
), signed AS (
    INSERT INTO merkle_checkpoints (size, root, note, signed_at)
    SELECT size, %(root)s, %(note)s, clock_timestamp() FROM grown
)
SELECT set_config('synchronous_commit', 'off', true) FROM grown;

-- name: add_key
INSERT INTO merkle_keys (name, key_id, public_key, from_size, rotation)
VALUES (%s, %s, %s, %s, %s);
