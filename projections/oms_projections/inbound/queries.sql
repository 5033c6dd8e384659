-- name: inbound_by_id
-- Deliveries whole.
SELECT inbound_id AS key, * FROM inbound WHERE inbound_id = ANY (%(keys)s::text[]);

-- name: list_inbound
-- Newest first.
SELECT * FROM inbound
WHERE true
  AND (created_at, inbound_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND facets && %(status)s::text[] -- if status
  AND facets && %(location)s::text[] -- if location
  AND facets && %(supplier)s::text[] -- if supplier
  AND expected_at >= %(expected_from)s::timestamptz -- if expected_from
  AND expected_at < %(expected_to)s::timestamptz -- if expected_to
ORDER BY created_at DESC, inbound_id DESC
LIMIT %(limit)s;

-- name: transfers_by_id
-- Transfers whole.
SELECT transfer_id AS key, * FROM transfers WHERE transfer_id = ANY (%(keys)s::text[]);

-- name: list_transfers
-- Newest first.
SELECT * FROM transfers
WHERE true
  AND (created_at, transfer_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND facets && %(status)s::text[] -- if status
  AND facets && %(from_location)s::text[] -- if from_location
  AND facets && %(to_location)s::text[] -- if to_location
ORDER BY created_at DESC, transfer_id DESC
LIMIT %(limit)s;

-- name: list_incoming
-- What is expected, by SKU, then by date; what has no date comes last. Without `with_sensitive`,
-- of products alone that are not.
SELECT i.*, coalesce(expected_at, '3000-01-01Z') AS due
FROM incoming i LEFT JOIN incoming_products p USING (sku)
WHERE quantity > 0
  AND (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
  AND (sku, coalesce(expected_at, '3000-01-01Z'), location, source) > (%(after_sku)s::text, %(after_due)s::timestamptz, %(after_location)s, %(after_source)s) -- if after_sku
  AND sku = ANY (%(sku)s::text[]) -- if sku
  AND location = ANY (%(location)s::text[]) -- if location
ORDER BY sku, due, location, source
LIMIT %(limit)s;

-- name: expected_units
-- What is expected of SKUs on a known day.
SELECT sku, location, quantity, expected_at FROM incoming
WHERE sku = ANY (%(skus)s::text[]) AND quantity > 0 AND expected_at IS NOT NULL
ORDER BY expected_at, sku, location, source;
