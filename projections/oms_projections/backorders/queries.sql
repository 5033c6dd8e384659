-- name: list_backorders
-- Who waits, the longest first. One event books one row, so that positions are distinct.
SELECT * FROM backorders
WHERE quantity > 0
  AND position > %(after)s
  AND sku = %(sku)s::text -- if sku
  AND order_id = %(order_id)s::text -- if order_id
ORDER BY position
LIMIT %(limit)s;

-- name: awaited_skus
-- What is waited for: per SKU the units, and the position since which the newest line waits.
SELECT sku, sum(quantity)::bigint AS quantity, max(position) AS position
FROM backorders
WHERE quantity > 0 AND sku > %(after)s
GROUP BY sku ORDER BY sku
LIMIT %(limit)s;

-- name: waiting_lines
-- The lines that wait for a SKU, the longest first.
SELECT order_id, line_id, quantity, position FROM backorders
WHERE quantity > 0 AND sku = %(sku)s::text AND position > %(after)s
ORDER BY position
LIMIT %(limit)s;
