-- name: list_backorders
-- Who waits, the longest first. One event books one row, so that positions are distinct.
SELECT * FROM backorders
WHERE quantity > 0
  AND position > %(after)s
  AND sku = %(sku)s::text -- if sku
  AND order_id = %(order_id)s::text -- if order_id
  AND (preorder_id IS NOT NULL) = %(preorder)s::boolean -- if preorder
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

-- name: list_preorders
-- Products that are sold before they are there, each with what was sold of it. Without
-- `with_sensitive`, those alone that are not sensitive.
SELECT p.*, (SELECT coalesce(sum(b.preordered), 0) FROM backorders b
             WHERE b.sku = p.sku AND b.preorder_id = p.preorder_id)::bigint AS preordered
FROM preorders p
WHERE p.preorder_id IS NOT NULL AND p.sku > %(after)s
  AND (%(with_sensitive)s OR NOT p.sensitive)
ORDER BY p.sku
LIMIT %(limit)s;

-- name: orders_to_reschedule
-- Orders that wait for a preorder whose time has changed since they were promised it.
SELECT b.order_id FROM preorders p
JOIN backorders b ON b.sku = p.sku AND b.preorder_id = p.preorder_id
WHERE b.quantity > 0 AND b.available_at <> p.available_at
GROUP BY b.order_id ORDER BY min(b.position)
LIMIT %(limit)s;
