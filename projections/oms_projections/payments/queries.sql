-- name: payments_by_id
-- Payments as they are answered, the oldest first.
SELECT payment_id, answer FROM payments
WHERE payment_id = ANY (%(keys)s::text[])
ORDER BY requested_at, payment_id;

-- name: list_payments
-- Newest first.
SELECT payment_id, answer, sensitive, requested_at FROM payments
WHERE true
  AND (requested_at, payment_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND facets && %(status)s::text[] -- if status
  AND facets && %(provider)s::text[] -- if provider
  AND facets && %(order)s::text[] -- if order
  AND facets && %(open)s::text[] -- if open
  AND NOT facets && %(not_open)s::text[] -- if not_open
  AND facets && %(discrepancy)s::text[] -- if discrepancy
  AND NOT facets && %(no_discrepancy)s::text[] -- if no_discrepancy
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND capture_by < %(capture_before)s::timestamptz -- if capture_before
  AND requested_at >= %(requested_from)s::timestamptz -- if requested_from
  AND requested_at < %(requested_to)s::timestamptz -- if requested_to
ORDER BY requested_at DESC, payment_id DESC
LIMIT %(limit)s;
