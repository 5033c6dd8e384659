-- name: list_cases
-- Oldest first.
SELECT * FROM cases
WHERE true
  AND (opened_at, case_id) > (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND closed_at IS NULL -- if open
  AND facets && %(status)s::text[] -- if status
  AND facets && %(kind)s::text[] -- if kind
  AND facets && %(resolution)s::text[] -- if resolution
  AND facets && %(order)s::text[] -- if order
  AND facets && %(shipment)s::text[] -- if shipment
  AND facets && %(carrier)s::text[] -- if carrier
  AND facets && %(location)s::text[] -- if location
  AND facets && %(channel)s::text[] -- if channel
  AND opened_at >= %(opened_from)s::timestamptz -- if opened_from
  AND opened_at < %(opened_to)s::timestamptz -- if opened_to
ORDER BY opened_at, case_id
LIMIT %(limit)s;
