-- name: reservations_by_id
-- Reservations whole.
SELECT reservation_id AS key, * FROM reservations WHERE reservation_id = ANY (%(keys)s::text[]);

-- name: list_reservations
-- Newest first.
SELECT * FROM reservations
WHERE true
  AND (created_at, reservation_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND lower(channel) = ANY (%(channel)s::text[]) -- if channel
  AND status = ANY (%(status)s::text[]) -- if status
ORDER BY created_at DESC, reservation_id DESC
LIMIT %(limit)s;
