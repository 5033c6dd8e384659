-- name: units_for_sale
-- The safety stock of a balance `s` of the product `p`, and what is available beyond it.
coalesce((p.safety_stock_at ->> s.location)::bigint, p.safety_stock, 0) AS safety_stock,
greatest(0, s.on_hand - s.damaged - s.quarantine - s.blocked - s.allocated - s.held
    - coalesce((p.safety_stock_at ->> s.location)::bigint, p.safety_stock, 0)) AS available

-- name: list_stock
-- Balances in the order of SKU and location; available leaves the safety stock there alone.
-- Without `with_sensitive`, of products alone that are not.
SELECT * FROM (
    SELECT s.*,
           coalesce(p.sensitive, false) AS sensitive, p.unit_of_measure,
           EXISTS (SELECT FROM stock_alerts a
                   WHERE a.sku = s.sku AND a.location IN ('', s.location) AND a.channel = ''
                     AND a.low AND a.threshold IS NOT NULL) AS low,
           -- include: units_for_sale
    FROM stock s LEFT JOIN products p USING (sku)
    WHERE (s.sku, s.location) > (%(after_sku)s::text, %(after_location)s::text)
      AND (%(sku)s::text IS NULL OR s.sku = %(sku)s)
      AND (%(location)s::text IS NULL OR s.location = %(location)s)
      AND (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
) AS levels
WHERE (%(below)s::bigint IS NULL OR available < %(below)s)
  AND (%(low)s::boolean IS NULL OR low = %(low)s)
ORDER BY sku, location
LIMIT %(limit)s;

-- name: stock_of_skus
-- Every location of SKUs; for a SKU without any, its product alone. Of a kit, how many are complete
-- at each location, by the stock of its components.
SELECT k.key, s.*, p.updated_at AS defined_at, kit.complete,
       coalesce(p.sensitive, false) AS sensitive, p.unit_of_measure, alerts.low_at,
       coalesce('' = ANY (alerts.low_at) OR s.location = ANY (alerts.low_at), false) AS low,
       -- include: units_for_sale
FROM unnest(%(keys)s::text[]) AS k (key)
LEFT JOIN stock s ON s.sku = k.key
LEFT JOIN products p ON p.sku = k.key
LEFT JOIN LATERAL (
    SELECT array_agg(a.location) AS low_at FROM stock_alerts a
    WHERE a.sku = k.key AND a.channel = '' AND a.low AND a.threshold IS NOT NULL
) AS alerts ON true
LEFT JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('location', location, 'available', available)
                              ORDER BY location COLLATE "C"), '[]'::jsonb) AS complete
    FROM (
        SELECT cs.location,
               min(greatest(0, cs.on_hand - cs.damaged - cs.quarantine - cs.blocked
                               - cs.allocated - cs.held
                               - coalesce((cp.safety_stock_at ->> cs.location)::bigint,
                                          cp.safety_stock, 0))
                   / c.quantity) AS available
        FROM jsonb_to_recordset(p.components) AS c (sku text, quantity bigint)
        JOIN stock cs ON cs.sku = c.sku LEFT JOIN products cp ON cp.sku = c.sku
        GROUP BY cs.location
        HAVING count(*) = jsonb_array_length(p.components)
    ) AS places
) AS kit ON p.components <> '[]'::jsonb
WHERE s.sku IS NOT NULL OR p.sku IS NOT NULL
ORDER BY k.key, s.location;

-- name: list_alerts
-- Alerts in the order of SKU, location and channel. Without `with_sensitive`, those of products
-- alone that are not.
SELECT a.*, coalesce(p.sensitive, false) AS sensitive
FROM stock_alerts a LEFT JOIN products p USING (sku)
WHERE (a.sku, a.location, a.channel)
      > (%(after_sku)s::text, %(after_location)s::text, %(after_channel)s::text)
  AND a.threshold IS NOT NULL
  AND (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
  AND a.sku = %(sku)s::text -- if sku
  AND a.location = %(location)s::text -- if location
  AND a.channel = %(channel)s::text -- if channel
  AND a.low = %(low)s::boolean -- if low
ORDER BY a.sku, a.location, a.channel
LIMIT %(limit)s;

-- name: watched_skus
-- SKUs with alerts, each with sums of versions that grow with any change of its stock, of that of
-- its components, of their products and of what is set as its alerts.
SELECT w.sku, w.version AS alerts, parts.products, parts.stock
FROM (
    SELECT sku, max(version) AS version FROM stock_alerts
    WHERE threshold IS NOT NULL AND sku > %(after)s
    GROUP BY sku ORDER BY sku
    LIMIT %(limit)s
) AS w
CROSS JOIN LATERAL (
    SELECT coalesce(sum(p.version), 0)::bigint AS products,
           sum((SELECT coalesce(sum(s.version), 0) FROM stock s WHERE s.sku = part.sku))::bigint
               AS stock
    FROM (
        SELECT w.sku AS sku
        UNION SELECT c.sku FROM products kit
              CROSS JOIN LATERAL jsonb_to_recordset(kit.components) AS c (sku text)
              WHERE kit.sku = w.sku
    ) AS part
    LEFT JOIN products p ON p.sku = part.sku
) AS parts
ORDER BY w.sku;

-- name: versions_of_settings
-- Sums of versions that grow with any change of a location or of a channel's settings.
SELECT (SELECT coalesce(sum(version), 0) FROM locations)::bigint AS locations,
       (SELECT coalesce(sum(version), 0) FROM sales_channels)::bigint AS channels;

-- name: movements
-- Changes of one SKU, newest first.
SELECT * FROM stock_movements
WHERE sku = %(sku)s AND position < %(before)s
  AND (%(location)s::text IS NULL OR location = %(location)s)
ORDER BY position DESC
LIMIT %(limit)s;

-- name: list_products
-- Products in the order of their SKU; q is looked for in SKU and title. Without `with_sensitive`,
-- those alone that are not.
SELECT * FROM products
WHERE sku > %(after)s
  AND (%(with_sensitive)s OR NOT sensitive)
  AND search LIKE %(q)s::text -- if q
ORDER BY sku
LIMIT %(limit)s;

-- name: products_of_skus
-- Products as they were last defined.
SELECT sku AS key, * FROM products WHERE sku = ANY (%(keys)s::text[]);

-- name: closed_locations
-- The codes of locations that send nothing.
SELECT code FROM locations WHERE closed;

-- name: list_locations
-- All places, in the order in which they are asked for stock. They are few.
SELECT * FROM locations ORDER BY priority, code;

-- name: location
-- One place.
SELECT * FROM locations WHERE code = %(code)s;
