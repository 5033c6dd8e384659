-- name: order_figures
-- Figures of orders placed in a period, by group; days, weeks and months are those of the time zone
-- `tz`. Amounts are by currency, cancellations by reason and actor. Whether a promise was kept is
-- judged of orders of goods that were not cancelled whole at the customer's wish: once all is
-- there, or nothing is left to deliver, or the time promised has passed at `now`. Hours of holds
-- are of those that were released. With `ordinary`, of orders alone that are not sensitive.
WITH chosen AS (
    SELECT order_id, sensitive, currency, placed_at, confirmed_at, delivered_at, backordered_at,
        gross, discounts, tax, refunded, edit_difference, quantity, lines, short_lines, allocated,
        short, backordered, cancelled, ordered, claims, edits, cancellations,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(placed_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            ELSE coalesce(channel, '')
        END AS grp,
        goods > goods_cancelled - goods_withheld AND (delivered_at IS NOT NULL
            OR goods = goods_cancelled OR deliver_by < %(now)s::timestamptz) AS judged,
        goods_withheld = 0 AND shipped = goods - goods_cancelled AS in_full,
        coalesce(delivered_at <= deliver_by, FALSE) AS on_time
    FROM order_figures
    WHERE true
      AND NOT sensitive -- if ordinary
      AND placed_at >= %(from)s::timestamptz -- if from
      AND placed_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND channel = ANY (%(within)s::text[]) -- if within
), counts AS (
    SELECT grp,
        count(*) AS orders,
        count(*) FILTER (WHERE sensitive) AS sensitive_orders,
        sum(quantity)::bigint AS units,
        count(*) FILTER (WHERE lines > 0) AS orders_of_goods,
        sum(lines)::bigint AS lines,
        sum(short_lines)::bigint AS short_lines,
        count(*) FILTER (WHERE lines > 0 AND short_lines = 0) AS orders_filled,
        sum(allocated)::bigint AS allocated,
        sum(short)::bigint AS short,
        count(*) FILTER (WHERE backordered > 0) AS open_backorders,
        count(*) FILTER (WHERE judged) AS judged,
        count(*) FILTER (WHERE judged AND in_full) AS in_full,
        count(*) FILTER (WHERE judged AND on_time) AS on_time,
        count(*) FILTER (WHERE judged AND in_full AND on_time) AS on_time_in_full,
        count(*) FILTER (WHERE judged AND in_full AND on_time AND claims = 0) AS perfect,
        count(*) FILTER (WHERE cancelled >= ordered) AS cancelled_orders,
        sum(cancelled)::bigint AS cancelled_units,
        count(*) FILTER (WHERE edits > 0) AS edited_orders,
        sum(edits)::bigint AS edits,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM confirmed_at - placed_at)::float8 / 3600) AS order_to_confirm_hours,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM delivered_at - placed_at)::float8 / 3600) AS order_to_deliver_hours,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM %(now)s::timestamptz - backordered_at)::float8 / 3600) AS backorder_age_hours
    FROM chosen GROUP BY grp
), by_currency AS (
    SELECT grp, currency, count(*) AS orders, sum(gross)::bigint AS gross,
        sum(discounts)::bigint AS discounts, sum(tax)::bigint AS tax,
        sum(refunded)::bigint AS refunded, sum(edit_difference)::bigint AS edit_difference
    FROM chosen GROUP BY grp, currency
), amounts AS (
    SELECT grp, jsonb_agg(to_jsonb(c) - 'grp' ORDER BY currency) AS amounts
    FROM by_currency c GROUP BY grp
), by_reason AS (
    SELECT grp, each ->> 'reason' AS reason, each ->> 'actor' AS actor,
        count(DISTINCT order_id) AS orders, sum((each ->> 'units')::bigint)::bigint AS units
    FROM chosen, jsonb_array_elements(cancellations) AS each
    GROUP BY 1, 2, 3
), cancelled AS (
    SELECT grp, jsonb_agg(to_jsonb(c) - 'grp' ORDER BY units DESC, reason, actor) AS cancellations
    FROM by_reason c GROUP BY grp
), held AS (
    SELECT grp, count(DISTINCT order_id) AS held_orders, count(*) AS holds,
        count(DISTINCT order_id) FILTER (WHERE reason = 'fraud') AS held_for_fraud,
        count(DISTINCT order_id) FILTER (WHERE reason = 'fraud' AND released_at IS NOT NULL
            AND delivered_at IS NOT NULL) AS fraud_holds_without_fraud,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM released_at - held_at)::float8 / 3600) AS hold_hours
    FROM chosen JOIN hold_figures USING (order_id) GROUP BY grp
)
SELECT c.grp AS "group", c.*, a.amounts, coalesce(r.cancellations, '[]') AS cancellations,
    coalesce(h.held_orders, 0) AS held_orders, coalesce(h.holds, 0) AS holds,
    coalesce(h.held_for_fraud, 0) AS held_for_fraud,
    coalesce(h.fraud_holds_without_fraud, 0) AS fraud_holds_without_fraud, h.hold_hours
FROM counts c JOIN amounts a USING (grp) LEFT JOIN cancelled r USING (grp)
    LEFT JOIN held h USING (grp)
ORDER BY c.grp;

-- name: payment_figures
-- Figures of payments requested in a period, by group, as in order_figures.
WITH chosen AS (
    SELECT *,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            WHEN 'provider' THEN provider
            ELSE coalesce(channel, '')
        END AS grp
    FROM payment_figures
    WHERE true
      AND NOT sensitive -- if ordinary
      AND requested_at >= %(from)s::timestamptz -- if from
      AND requested_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND channel = ANY (%(within)s::text[]) -- if within
      AND provider = %(provider)s::text -- if provider
), counts AS (
    SELECT grp,
        count(*) AS payments,
        count(DISTINCT order_id) FILTER (WHERE sensitive) AS sensitive_orders,
        count(authorised_at) AS authorised,
        count(*) FILTER (WHERE failed) AS failed,
        count(captured_at) AS captured,
        count(*) FILTER (WHERE refunded > 0) AS refunded,
        sum(jsonb_array_length(refund_hours))::bigint AS refunds,
        count(*) FILTER (WHERE charge_backs > 0) AS charged_back,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM captured_at - authorised_at)::float8 / 3600) AS authorise_to_capture_hours
    FROM chosen GROUP BY grp
), by_currency AS (
    SELECT grp, currency, sum(requested)::bigint AS requested,
        sum(authorised)::bigint AS authorised, sum(captured)::bigint AS captured,
        sum(refunded)::bigint AS refunded, sum(charged_back)::bigint AS charged_back
    FROM chosen GROUP BY grp, currency
), amounts AS (
    SELECT grp, jsonb_agg(to_jsonb(c) - 'grp' ORDER BY currency) AS amounts
    FROM by_currency c GROUP BY grp
), lags AS (
    SELECT grp,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY hours::float8) AS refund_hours
    FROM chosen, jsonb_array_elements_text(chosen.refund_hours) AS hours GROUP BY grp
)
SELECT c.grp AS "group", c.*, a.amounts, l.refund_hours
FROM counts c JOIN amounts a USING (grp) LEFT JOIN lags l USING (grp)
ORDER BY c.grp;

-- name: return_figures
-- Figures of returns requested in a period, by group, as in order_figures; and of the orders of
-- which the first units left in it, of which so many units came back, or were exchanged or claimed.
WITH chosen AS (
    SELECT *,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(requested_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            ELSE coalesce(channel, '')
        END AS grp
    FROM return_figures
    WHERE true
      AND NOT sensitive -- if ordinary
      AND requested_at >= %(from)s::timestamptz -- if from
      AND requested_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND channel = ANY (%(within)s::text[]) -- if within
), sent AS (
    SELECT sensitive, shipped, returned, exchanges, claims,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(first_shipped_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(first_shipped_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(first_shipped_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            ELSE coalesce(channel, '')
        END AS grp
    FROM order_figures
    WHERE first_shipped_at IS NOT NULL
      AND NOT sensitive -- if ordinary
      AND first_shipped_at >= %(from)s::timestamptz -- if from
      AND first_shipped_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND channel = ANY (%(within)s::text[]) -- if within
), counts AS (
    SELECT grp,
        count(*) AS requests,
        count(*) FILTER (WHERE sensitive) AS sensitive_orders,
        count(*) FILTER (WHERE kind = 'return') AS returns,
        count(*) FILTER (WHERE kind = 'exchange') AS exchanges,
        count(*) FILTER (WHERE kind = 'claim') AS claims,
        count(*) FILTER (WHERE approved) AS approved,
        count(*) FILTER (WHERE declined) AS declined,
        count(*) FILTER (WHERE cancelled) AS cancelled,
        sum(units)::bigint AS units,
        sum(received)::bigint AS units_received,
        count(refunded_at) AS refunded,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM received_at - requested_at)::float8 / 3600) AS request_to_receive_hours,
        percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
            ORDER BY extract(epoch FROM refunded_at - requested_at)::float8 / 3600) AS request_to_refund_hours
    FROM chosen GROUP BY grp
), shipped AS (
    SELECT grp, count(*) AS shipped_orders,
        count(*) FILTER (WHERE sensitive) AS sensitive_shipped,
        sum(shipped)::bigint AS shipped_units, sum(returned)::bigint AS returned_units,
        count(*) FILTER (WHERE exchanges > 0) AS orders_with_exchanges,
        count(*) FILTER (WHERE claims > 0) AS orders_with_claims
    FROM sent GROUP BY grp
), by_currency AS (
    SELECT grp, currency, sum(granted)::bigint AS granted, sum(refunded)::bigint AS refunded,
        sum(exchanged)::bigint AS exchanged, sum(fees)::bigint AS fees
    FROM chosen WHERE currency IS NOT NULL GROUP BY grp, currency
), amounts AS (
    SELECT grp, jsonb_agg(to_jsonb(c) - 'grp' ORDER BY currency) AS amounts
    FROM by_currency c GROUP BY grp
), by_reason AS (
    SELECT grp, each ->> 'reason' AS reason, count(*) AS returns,
        sum((each ->> 'units')::bigint)::bigint AS units,
        row_number() OVER (PARTITION BY grp ORDER BY
            sum((each ->> 'units')::bigint) DESC, each ->> 'reason') AS place
    FROM chosen, jsonb_array_elements(reasons) AS each
    GROUP BY 1, 2
), reasons AS (
    SELECT grp, jsonb_agg(to_jsonb(c) - 'grp' - 'place' ORDER BY place) AS reasons
    FROM by_reason c WHERE place <= 20 GROUP BY grp
)
SELECT coalesce(c.grp, s.grp) AS "group", c.*, s.*, a.amounts, r.reasons
FROM counts c FULL JOIN shipped s USING (grp) LEFT JOIN amounts a USING (grp)
    LEFT JOIN reasons r USING (grp)
ORDER BY 1;
