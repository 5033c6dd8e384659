-- name: list_lots
-- By SKU, lot and location; `expires_before` is exclusive. Without `with_sensitive`, of products
-- alone that are not.
SELECT l.* FROM lots l LEFT JOIN lot_products p USING (sku)
WHERE (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
  AND (sku, lot, location) > (%(after_sku)s::text, %(after_lot)s, %(after_location)s) -- if after_sku
  AND sku = ANY (%(sku)s::text[]) -- if sku
  AND location = ANY (%(location)s::text[]) -- if location
  AND status = ANY (%(status)s::text[]) -- if status
  AND expires_on < %(expires_before)s::text -- if expires_before
  AND on_hand > 0 -- if with_units
ORDER BY sku, lot, location
LIMIT %(limit)s;

-- name: orders_of_lot
-- Units of one lot that left, oldest first.
SELECT * FROM shipped_lots
WHERE sku = %(sku)s AND lot = %(lot)s AND position > %(after)s
ORDER BY position
LIMIT %(limit)s;

-- name: list_serials
-- By SKU and serial number. Without `with_sensitive`, of products alone that are not.
SELECT s.* FROM serials s LEFT JOIN lot_products p USING (sku)
WHERE (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
  AND (sku, serial) > (%(after_sku)s::text, %(after_serial)s::text) -- if after_sku
  AND sku = ANY (%(sku)s::text[]) -- if sku
  AND serial = ANY (%(serial)s::text[]) -- if serial
  AND order_id = ANY (%(order)s::text[]) -- if order
ORDER BY sku, serial
LIMIT %(limit)s;
