-- name: returns_by_id
-- Returns whole.
SELECT return_id AS key, * FROM returns WHERE return_id = ANY (%(keys)s::text[]);

-- name: list_returns
-- Newest first.
SELECT * FROM returns
WHERE true
  AND (requested_at, return_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND facets && %(status)s::text[] -- if status
  AND facets && %(kind)s::text[] -- if kind
  AND facets && %(resolution)s::text[] -- if resolution
  AND facets && %(order)s::text[] -- if order
  AND facets && %(location)s::text[] -- if location
  AND facets && %(channel)s::text[] -- if channel
  AND facets && %(customer)s::text[] -- if customer
  AND facets && %(condition)s::text[] -- if condition
  AND facets && %(refund_owed)s::text[] -- if refund_owed
  AND NOT facets && %(refund_not_owed)s::text[] -- if refund_not_owed
  AND search LIKE %(q)s::text -- if q
  AND grams @> %(grams)s::text[] -- if grams
  AND requested_at >= %(requested_from)s::timestamptz -- if requested_from
  AND requested_at < %(requested_to)s::timestamptz -- if requested_to
ORDER BY requested_at DESC, return_id DESC
LIMIT %(limit)s;
