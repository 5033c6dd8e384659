-- name: shipments_by_id
-- Shipments whole.
SELECT shipment_id AS key, * FROM shipments WHERE shipment_id = ANY (%(keys)s::text[]);

-- name: tracked
-- The shipment behind a link that was sent to its recipient.
SELECT * FROM shipments WHERE tracking_token = %(token)s;

-- name: list_shipments
-- Newest first. A shipment is late when it was not dispatched or not delivered by the time promised;
-- what came after `now` had not come yet.
SELECT * FROM shipments
WHERE true
  AND (created_at, shipment_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND facets && %(status)s::text[] -- if status
  AND facets && %(carrier)s::text[] -- if carrier
  AND facets && %(location)s::text[] -- if location
  AND facets && %(channel)s::text[] -- if channel
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND facets && %(country)s::text[] -- if country
  AND facets && %(tracking)s::text[] -- if tracking
  AND order_id = %(order_id)s::text -- if order_id
  AND search LIKE %(q)s::text -- if q
  AND grams @> %(grams)s::text[] -- if grams
  AND created_at >= %(created_from)s::timestamptz -- if created_from
  AND created_at < %(created_to)s::timestamptz -- if created_to
  AND dispatched_at >= %(dispatched_from)s::timestamptz -- if dispatched_from
  AND dispatched_at < %(dispatched_to)s::timestamptz -- if dispatched_to
  AND delivered_at >= %(delivered_from)s::timestamptz -- if delivered_from
  AND delivered_at < %(delivered_to)s::timestamptz -- if delivered_to
  AND created_at <= %(until)s::timestamptz AND placed_at <= %(until)s -- if until
  AND (dispatched_at IS NULL OR delivered_at IS NULL OR dispatched_at > ship_by -- if is_late
      OR delivered_at > deliver_by) -- if is_late
  AND %(late)s::boolean = ((cancelled_at IS NULL -- if late
      OR cancelled_at > %(until)s::timestamptz -- if late_then
      ) AND ( -- if late
      least(dispatched_at, %(now)s::timestamptz) > ship_by -- if late
      OR least(delivered_at, %(now)s::timestamptz) > deliver_by)) -- if late
ORDER BY created_at DESC, shipment_id DESC
LIMIT %(limit)s;

-- name: shipping_performance
-- How well was shipped, of orders placed in a period, by group; days, weeks and months are those of
-- the time zone `tz`. An order is in each group that one of its shipments is in, one without
-- shipments in the group ''. What came after `until` is left out: `dispatched_at` and the others
-- are as they were then. An order is shipped when all of its units have left, on time if the last of
-- them had by `ship_by`; units that were cancelled are no part of it. A promise counts once it was
-- kept or its time has passed; times in hours. Late is as in list_shipments. A shipment is doubtful
-- if it left before its order was placed or arrived before it left: hours and on-time rates are of
-- the others, and of orders without such a shipment. With `ordinary`, of orders alone that are not
-- sensitive.
WITH parcels AS (
    SELECT shipment_id, order_id, carrier, location, channel, service, sensitive, units, placed_at,
        ship_by, deliver_by,
        CASE WHEN dispatched_at <= %(until)s::timestamptz THEN dispatched_at END AS dispatched_at,
        CASE WHEN delivered_at <= %(until)s::timestamptz THEN delivered_at END AS delivered_at,
        coalesce(first_exception_at <= %(until)s::timestamptz, FALSE) AS troubled
    FROM shipments
    WHERE coalesce(cancelled_at > %(until)s::timestamptz, TRUE)
      AND created_at <= %(until)s::timestamptz
      AND placed_at <= %(until)s::timestamptz
      AND NOT sensitive -- if ordinary
      AND placed_at >= %(from)s::timestamptz -- if from
      AND placed_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND lower(channel) = ANY (%(within)s::text[]) -- if within
), facts AS (
    SELECT *,
        coalesce(dispatched_at < placed_at OR delivered_at < dispatched_at, FALSE) AS doubtful,
        extract(epoch FROM delivered_at - dispatched_at)::float8 / 3600 AS delivery_hours
    FROM parcels
), taken AS (
    SELECT order_id, count(*) AS siblings, bool_or(doubtful) AS doubtful,
        coalesce(sum(units) FILTER (WHERE dispatched_at IS NOT NULL), 0) AS shipped,
        max(dispatched_at) AS dispatched_at,
        coalesce(sum(units) FILTER (WHERE delivered_at IS NOT NULL), 0) AS arrived,
        max(delivered_at) AS delivered_at
    FROM facts GROUP BY order_id
), promises AS (
    SELECT order_id, channel, sensitive, placed_at, ship_by, deliver_by,
        CASE WHEN cancelled_at > %(until)s::timestamptz THEN ordered ELSE units END AS units
    FROM shipping_promises
    WHERE placed_at <= %(until)s::timestamptz
      AND NOT sensitive -- if ordinary
      AND placed_at >= %(from)s::timestamptz -- if from
      AND placed_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND lower(channel) = ANY (%(within)s::text[]) -- if within
), orders_then AS (
    SELECT p.order_id, p.channel, p.sensitive, p.placed_at, p.ship_by, p.deliver_by,
        t.order_id IS NOT NULL AS packed, coalesce(t.siblings > 1, FALSE) AS split,
        t.dispatched_at IS NOT NULL AS begun, coalesce(t.doubtful, FALSE) AS doubtful,
        CASE WHEN t.shipped >= p.units THEN t.dispatched_at END AS shipped_at,
        CASE WHEN t.arrived >= p.units THEN t.delivered_at END AS delivered_at
    FROM promises p LEFT JOIN taken t USING (order_id)
    WHERE p.units > 0 OR t.order_id IS NOT NULL
), chosen AS (
    SELECT *,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            WHEN 'carrier' THEN carrier
            WHEN 'service' THEN coalesce(service, '')
            WHEN 'location' THEN location
            ELSE channel
        END AS grp
    FROM facts
    WHERE true
      AND carrier = %(carrier)s::text -- if carrier
      AND location = %(location)s::text -- if location
), members AS (
    SELECT DISTINCT grp, order_id FROM chosen
    UNION ALL
    SELECT
        CASE %(group_by)s::text
            WHEN 'day' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            WHEN 'channel' THEN channel
            ELSE ''
        END, order_id
    FROM orders_then
    WHERE NOT packed
      AND FALSE -- if parcels_alone
), by_order AS (
    SELECT grp,
        count(*) AS orders,
        count(*) FILTER (WHERE sensitive) AS sensitive_orders,
        count(*) FILTER (WHERE sensitive AND packed) AS sensitive_packed,
        count(*) FILTER (WHERE begun) AS orders_begun,
        count(*) FILTER (WHERE begun AND split) AS orders_split,
        count(*) FILTER (WHERE least(shipped_at, %(now)s::timestamptz) > ship_by
            OR least(delivered_at, %(now)s::timestamptz) > deliver_by) AS orders_late,
        count(*) FILTER (WHERE shipped_at <= ship_by AND NOT doubtful) AS shipped_on_time,
        count(*) FILTER (WHERE NOT doubtful
            AND (shipped_at IS NOT NULL OR ship_by < %(now)s::timestamptz)) AS ship_promises,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM shipped_at - placed_at)::float8 / 3600)
            FILTER (WHERE NOT doubtful) AS order_to_ship_hours
    FROM members JOIN orders_then USING (order_id)
    GROUP BY grp
), by_shipment AS (
    SELECT grp,
        count(*) AS shipments,
        sum(units)::bigint AS units,
        count(delivered_at) AS delivered,
        count(*) FILTER (WHERE least(dispatched_at, %(now)s::timestamptz) > ship_by
            OR least(delivered_at, %(now)s::timestamptz) > deliver_by) AS late,
        count(*) FILTER (WHERE doubtful) AS doubtful,
        count(delivered_at) FILTER (WHERE NOT doubtful) AS delivered_surely,
        count(*) FILTER (WHERE delivered_at <= deliver_by AND NOT doubtful) AS delivered_on_time,
        count(*) FILTER (WHERE troubled) AS troubled,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY delivery_hours)
            FILTER (WHERE NOT doubtful) AS ship_to_deliver_hours
    FROM chosen
    GROUP BY grp
)
SELECT o.grp AS "group", o.orders, o.sensitive_orders, o.sensitive_packed,
    o.orders_late, o.ship_promises, o.shipped_on_time,
    coalesce(s.shipments, 0) AS shipments, coalesce(s.units, 0) AS units,
    coalesce(s.delivered, 0) AS delivered, coalesce(s.late, 0) AS late,
    coalesce(s.doubtful, 0) AS doubtful,
    o.shipped_on_time::float8 / nullif(o.ship_promises, 0) AS on_time_ship_rate,
    s.delivered_on_time::float8 / nullif(s.delivered_surely, 0) AS on_time_delivery_rate,
    o.order_to_ship_hours, s.ship_to_deliver_hours,
    o.orders_split::float8 / nullif(o.orders_begun, 0) AS split_rate,
    s.troubled::float8 / nullif(s.shipments, 0) AS exception_rate
FROM by_order o LEFT JOIN by_shipment s USING (grp)
ORDER BY o.grp;

-- name: location_figures
-- What was dispatched from each location in a period, and what is packed there and has not left. With
-- `ordinary`, of orders alone that are not sensitive.
SELECT location,
    count(*) FILTER (WHERE sent) AS shipments,
    coalesce(sum(units) FILTER (WHERE sent), 0)::bigint AS units,
    count(*) FILTER (WHERE sent AND dispatched_at > ship_by) AS late_shipments,
    count(*) FILTER (WHERE waits) AS waiting_shipments,
    coalesce(sum(units) FILTER (WHERE waits), 0)::bigint AS waiting_units
FROM (
    SELECT location, units, dispatched_at, ship_by,
        coalesce(dispatched_at >= %(from)s::timestamptz AND dispatched_at < %(to)s::timestamptz, FALSE)
            AS sent,
        dispatched_at IS NULL AND cancelled_at IS NULL AS waits
    FROM shipments
    WHERE true
      AND NOT sensitive -- if ordinary
      AND lower(channel) = ANY (%(within)s::text[]) -- if within
) AS parcels
WHERE sent OR waits
GROUP BY location
ORDER BY location COLLATE "C";
