-- name: stock_filters
-- Without `with_sensitive`, of products alone that are not; with `sku`, of these.
      AND (%(with_sensitive)s OR NOT coalesce(p.sensitive, false))
      AND sku = ANY (%(sku)s::text[]) -- if sku

-- name: stock_values
-- What each SKU was worth at the end of a day: its last row up to then, by SKU. Without
-- `with_sensitive`, of products alone that are not.
SELECT * FROM (
    SELECT DISTINCT ON (sku) d.* FROM stock_days d LEFT JOIN stock_products p USING (sku)
    WHERE day <= %(day)s::text
      -- include: stock_filters
      AND sku > %(after)s::text -- if after
    ORDER BY sku, day DESC
) AS last
WHERE on_hand > 0
ORDER BY sku
LIMIT %(limit)s;

-- name: stock_totals
-- The same summed, by currency.
SELECT currency, count(*) AS skus, sum(on_hand)::bigint AS units,
       sum(value_unit_cost)::bigint AS value_unit_cost, sum(value_fifo)::bigint AS value_fifo,
       sum(value_average)::bigint AS value_average
FROM (
    SELECT DISTINCT ON (sku) d.* FROM stock_days d LEFT JOIN stock_products p USING (sku)
    WHERE day <= %(day)s::text
      -- include: stock_filters
    ORDER BY sku, day DESC
) AS last
WHERE on_hand > 0
GROUP BY currency
ORDER BY currency;

-- name: stock_figures
-- Of each group (a SKU, or a currency), what changed from a day to another, both included, and what
-- there was before the first and at the end of the last. `idle` are the days up to the last since a
-- SKU was received or sold.
WITH before AS (
    SELECT DISTINCT ON (sku) sku, currency, on_hand, value_average
    FROM stock_days d LEFT JOIN stock_products p USING (sku)
    WHERE day < %(first)s::text
      -- include: stock_filters
    ORDER BY sku, day DESC
), after AS (
    SELECT DISTINCT ON (sku) d.*, %(last)s::date - greatest(received_on, sold_on)::date AS idle
    FROM stock_days d LEFT JOIN stock_products p USING (sku)
    WHERE day <= %(last)s::text
      -- include: stock_filters
    ORDER BY sku, day DESC
), flows AS (
    SELECT sku, sum(received) AS received, sum(sold) AS sold, sum(returned) AS returned,
           sum(lost) AS lost, sum(gained) AS gained, sum(cost_fifo) AS cost_fifo,
           sum(cost_average) AS cost_average, sum(lost_value) AS lost_value
    FROM stock_days d LEFT JOIN stock_products p USING (sku)
    WHERE day BETWEEN %(first)s::text AND %(last)s::text
      -- include: stock_filters
    GROUP BY sku
), skus AS (
    SELECT a.sku, a.currency, CASE WHEN %(by_sku)s THEN a.sku ELSE a.currency END AS "group",
           coalesce(b.on_hand, 0) AS start_units, coalesce(b.value_average, 0) AS start_value,
           a.on_hand, a.value_unit_cost, a.value_fifo, a.value_average, a.idle,
           coalesce(f.received, 0) AS received, coalesce(f.sold, 0) AS sold,
           coalesce(f.returned, 0) AS returned, coalesce(f.lost, 0) AS lost,
           coalesce(f.gained, 0) AS gained, coalesce(f.cost_fifo, 0) AS cost_fifo,
           coalesce(f.cost_average, 0) AS cost_average, coalesce(f.lost_value, 0) AS lost_value
    FROM after a LEFT JOIN before b USING (sku) LEFT JOIN flows f USING (sku)
)
SELECT "group", currency,
       sum(start_units)::bigint AS start_units, sum(start_value)::bigint AS start_value,
       sum(on_hand)::bigint AS end_units, sum(value_unit_cost)::bigint AS value_unit_cost,
       sum(value_fifo)::bigint AS value_fifo, sum(value_average)::bigint AS value_average,
       sum(received)::bigint AS received, sum(sold)::bigint AS sold,
       sum(returned)::bigint AS returned, sum(lost)::bigint AS lost, sum(gained)::bigint AS gained,
       sum(cost_fifo)::bigint AS cost_fifo, sum(cost_average)::bigint AS cost_average,
       sum(lost_value)::bigint AS lost_value,
       coalesce(sum(on_hand) FILTER (WHERE idle <= 30), 0)::bigint AS to_30,
       coalesce(sum(on_hand) FILTER (WHERE idle BETWEEN 31 AND 90), 0)::bigint AS to_90,
       coalesce(sum(on_hand) FILTER (WHERE idle BETWEEN 91 AND 180), 0)::bigint AS to_180,
       coalesce(sum(on_hand) FILTER (WHERE idle BETWEEN 181 AND 365), 0)::bigint AS to_365,
       coalesce(sum(on_hand) FILTER (WHERE idle > 365 OR idle IS NULL), 0)::bigint AS older
FROM skus
WHERE true
  AND "group" > %(after)s::text -- if after
GROUP BY "group", currency
ORDER BY "group", currency
LIMIT %(limit)s;

-- name: count_accuracy
-- Counts that were approved in a period.
SELECT count(*) AS counts, coalesce(sum(skus), 0)::bigint AS skus,
       coalesce(sum(exact), 0)::bigint AS exact, coalesce(sum(variance), 0)::bigint AS variance,
       coalesce(sum(units), 0)::bigint AS units
FROM count_figures
WHERE approved_at >= %(first)s::date AND approved_at < %(last)s::date + 1;
