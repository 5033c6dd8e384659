-- name: shipments_by_id
-- Shipments whole.
SELECT shipment_id AS key, * FROM shipments WHERE shipment_id = ANY (%(keys)s::text[]);

-- name: tracked
-- The shipment behind a link that was sent to its recipient.
SELECT * FROM shipments WHERE tracking_token = %(token)s;

-- name: list_shipments
-- Newest first. Late: not dispatched, or not delivered, by the time that was promised.
SELECT * FROM shipments
WHERE (created_at, shipment_id) < (%(after)s::timestamptz, %(after_id)s::text)
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(carrier)s::text IS NULL OR carrier = %(carrier)s)
  AND (%(location)s::text IS NULL OR location = %(location)s)
  AND (%(channel)s::text IS NULL OR channel = %(channel)s)
  AND (%(order_id)s::text IS NULL OR order_id = %(order_id)s)
  AND (%(late)s::boolean IS NULL OR %(late)s = (status <> 'cancelled' AND (
      coalesce(dispatched_at, %(now)s::timestamptz) > ship_by
      OR coalesce(delivered_at, %(now)s::timestamptz) > deliver_by)))
ORDER BY created_at DESC, shipment_id DESC
LIMIT %(limit)s;

-- name: shipping_performance
-- How well was shipped, of orders placed in a period, by group. An order belongs to each group
-- that one of its shipments is in, and is split when it has several shipments in any groups.
-- A promise counts once it was kept or its time has passed; times in hours. An order is shipped
-- when all of its shipments in the group have left. Late is as in list_shipments. A shipment is
-- doubtful if it left before its order was placed or arrived before it left: hours and on-time
-- rates are of the others, and of orders without such a shipment in the group. Without
-- `with_sensitive`, of orders alone that are not.
WITH facts AS (
    SELECT *,
        CASE %(group_by)s::text
            WHEN 'day' THEN to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(placed_at AT TIME ZONE 'UTC', 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM')
            WHEN 'carrier' THEN carrier
            WHEN 'service' THEN coalesce(service, '')
            WHEN 'location' THEN location
            ELSE channel
        END AS grp,
        count(*) OVER (PARTITION BY order_id) AS siblings,
        coalesce(dispatched_at < placed_at OR delivered_at < dispatched_at, FALSE) AS doubtful,
        extract(epoch FROM delivered_at - dispatched_at)::float8 / 3600 AS delivery_hours
    FROM shipments
    WHERE status <> 'cancelled'
      AND (%(with_sensitive)s OR NOT sensitive)
      AND (%(from)s::timestamptz IS NULL OR placed_at >= %(from)s)
      AND (%(to)s::timestamptz IS NULL OR placed_at < %(to)s)
), chosen AS (
    SELECT * FROM facts
    WHERE (%(carrier)s::text IS NULL OR carrier = %(carrier)s)
      AND (%(location)s::text IS NULL OR location = %(location)s)
      AND (%(channel)s::text IS NULL OR channel = %(channel)s)
), orders_shipped AS (
    SELECT grp, order_id, bool_or(sensitive) AS sensitive, max(siblings) > 1 AS split, max(ship_by) AS ship_by,
        bool_or(dispatched_at IS NOT NULL) AS begun,
        bool_or(doubtful) AS doubtful,
        CASE WHEN bool_and(dispatched_at IS NOT NULL) THEN max(dispatched_at) END AS shipped_at,
        min(placed_at) AS placed_at
    FROM chosen
    GROUP BY grp, order_id
), by_order AS (
    SELECT grp,
        count(*) AS orders,
        count(*) FILTER (WHERE sensitive) AS sensitive_orders,
        count(*) FILTER (WHERE begun) AS orders_begun,
        count(*) FILTER (WHERE begun AND split) AS orders_split,
        count(*) FILTER (WHERE shipped_at <= ship_by AND NOT doubtful) AS shipped_on_time,
        count(*) FILTER (WHERE NOT doubtful
            AND (shipped_at IS NOT NULL OR ship_by < %(now)s::timestamptz)) AS ship_promises,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM shipped_at - placed_at)::float8 / 3600)
            FILTER (WHERE NOT doubtful) AS order_to_ship_hours
    FROM orders_shipped
    GROUP BY grp
), by_shipment AS (
    SELECT grp,
        count(*) AS shipments,
        sum(units)::bigint AS units,
        count(delivered_at) AS delivered,
        count(*) FILTER (WHERE coalesce(dispatched_at, %(now)s::timestamptz) > ship_by
            OR coalesce(delivered_at, %(now)s::timestamptz) > deliver_by) AS late,
        count(*) FILTER (WHERE doubtful) AS doubtful,
        count(delivered_at) FILTER (WHERE NOT doubtful) AS delivered_surely,
        count(*) FILTER (WHERE delivered_at <= deliver_by AND NOT doubtful) AS delivered_on_time,
        count(*) FILTER (WHERE exceptions > 0) AS troubled,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY delivery_hours)
            FILTER (WHERE NOT doubtful) AS ship_to_deliver_hours
    FROM chosen
    GROUP BY grp
)
SELECT s.grp AS "group", o.orders, o.sensitive_orders, s.shipments, s.units, s.delivered, s.late, s.doubtful,
    o.shipped_on_time::float8 / nullif(o.ship_promises, 0) AS on_time_ship_rate,
    s.delivered_on_time::float8 / nullif(s.delivered_surely, 0) AS on_time_delivery_rate,
    o.order_to_ship_hours, s.ship_to_deliver_hours,
    o.orders_split::float8 / nullif(o.orders_begun, 0) AS split_rate,
    s.troubled::float8 / nullif(s.shipments, 0) AS exception_rate
FROM by_shipment s JOIN by_order o USING (grp)
ORDER BY s.grp;
