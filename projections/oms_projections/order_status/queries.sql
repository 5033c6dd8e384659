-- name: order_answers
-- Orders as they are answered, and what their shipments say of themselves.
SELECT d.order_id AS key, d.answer, d.version, d.sensitive, p.parcels
FROM order_dossiers d LEFT JOIN LATERAL (
    SELECT json_agg(p ORDER BY p.shipment_id)::text AS parcels
    FROM order_parcels p WHERE p.order_id = d.order_id
) AS p ON true
WHERE d.order_id = ANY (%(keys)s::text[]);

-- name: order_of_channels
-- Whether an order is of one of these channels.
SELECT order_id FROM orders
WHERE order_id = %(order_id)s::text AND lower(channel) = ANY (%(within)s::text[]);

-- name: parcels
-- The shipments of one order.
SELECT * FROM order_parcels WHERE order_id = %(order_id)s ORDER BY shipment_id;

-- name: orders_by_name
-- Orders with exactly this number, whatever its case, or this external id, which several channels
-- may have given: how the command line finds what people call an order.
SELECT order_id, number, channel, number IN (%(name)s::text, upper(%(name)s)) AS by_number
FROM orders
WHERE number IN (%(name)s::text, upper(%(name)s)) OR external_id = %(name)s
ORDER BY by_number DESC, number
LIMIT %(limit)s;

-- name: order_filters
-- What lists of orders have in common. Without `with_sensitive` no sensitive order is found by what
-- is in it: neither by a SKU nor by the external id that somebody gave it. An order is late when it
-- was not shipped or not delivered by the time promised; what came after `now` had not come yet.
-- `is_open` is given with statuses that open orders alone have: the condition is that of an index.
  AND (status IN ('pending', 'scheduled', 'confirmed', 'processing', 'fulfilled') -- if is_open
      OR fulfilment IN ('unfulfilled', 'backordered', 'partially_shipped', 'shipped', 'partially_delivered') -- if is_open
      OR payment IN ('pending', 'requires_action', 'authorised', 'partially_authorised', 'partially_paid', 'credit_owed')) -- if is_open
  AND facets && %(status)s::text[] -- if status
  AND facets && %(payment)s::text[] -- if payment
  AND facets && %(fulfilment)s::text[] -- if fulfilment
  AND facets && %(returned)s::text[] -- if returned
  AND facets && %(channel)s::text[] -- if channel
  AND facets && %(within)s::text[] -- if within
  AND facets && %(location)s::text[] -- if location
  AND facets && %(country)s::text[] -- if country
  AND facets && %(tag)s::text[] -- if tag
  AND facets @> %(archived)s::text[] -- if archived
  AND NOT archived -- if not_archived
  AND facets @> %(held)s::text[] -- if held
  AND NOT facets @> %(not_held)s::text[] -- if not_held
  AND customer_id = %(customer)s::text -- if customer
  AND (%(with_sensitive)s OR NOT sensitive) AND external_id = %(external_id)s::text -- if external_id
  AND placed_at >= %(placed_from)s::timestamptz -- if placed_from
  AND placed_at < %(placed_to)s::timestamptz -- if placed_to
  AND updated_at >= %(updated_from)s::timestamptz -- if updated_from
  AND updated_at < %(updated_to)s::timestamptz -- if updated_to
  AND delivered_at >= %(delivered_from)s::timestamptz -- if delivered_from
  AND delivered_at < %(delivered_to)s::timestamptz -- if delivered_to
  AND placed_at <= %(placed_by)s::timestamptz -- if placed_by
  AND (shipped_at IS NULL OR delivered_at IS NULL OR shipped_at > ship_by -- if is_late
      OR delivered_at > deliver_by) -- if is_late
  AND %(late)s::boolean = (fulfilment <> 'not_required' AND fulfilment <> 'cancelled' AND ( -- if late
      least(shipped_at, %(now)s::timestamptz) > ship_by -- if late
      OR least(delivered_at, %(now)s::timestamptz) > deliver_by)) -- if late
  AND (%(with_sensitive)s OR NOT sensitive) -- if sku
  AND person IN (SELECT i.key_id FROM subject_index i WHERE i.blind = %(blind)s::text) -- if blind

-- name: order_matches
-- The filters `q` and `sku` by the indexes of words and of SKUs: for those that few orders have.
  AND order_id IN ( -- if q
      SELECT t.order_id FROM order_terms t WHERE t.kind = 'number' AND t.term LIKE %(q)s::text -- if q
        AND t.grams @> %(grams)s::text[] -- if grams
        AND (%(with_sensitive)s OR NOT t.sensitive) -- if q
      UNION ALL -- if q
      SELECT t.order_id FROM order_terms t WHERE t.kind <> 'number' AND t.term LIKE %(q)s::text -- if q
        AND t.grams @> %(grams)s::text[] -- if grams
        AND (%(with_sensitive)s OR NOT t.sensitive)) -- if q
  -- include: order_of_sku

-- name: order_of_sku
-- The filter `sku` by its index.
  AND order_id IN (SELECT l.order_id FROM order_lines l WHERE l.sku = %(sku)s::text) -- if sku

-- name: orders_placed_before
-- After the cursor, and not after the last week in which orders with the values that are filtered by were
-- placed: there the walk along the index begins. A comparison of rows, because the planner would take
-- two of plain values for a short period; and one, because an index is read from the first alone.
  AND (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if undated
  AND (placed_at, order_id) < (SELECT -- if dated_1
      CASE WHEN %(after)s::timestamptz <= b.bound THEN %(after)s::timestamptz -- if dated_1
          WHEN %(after)s::timestamptz > b.bound THEN b.bound END, -- if dated_1
      CASE WHEN %(after)s::timestamptz <= b.bound THEN %(after_id)s::text ELSE '' END -- if dated_1
      FROM (SELECT to_timestamp((max(week) + 1) * 604800) AS bound FROM ( -- if dated_1
          SELECT week FROM order_weeks WHERE date = 'placed' AND facet = ANY (%(dated_1)s::text[]) -- if dated_1
          INTERSECT SELECT week FROM order_weeks -- if dated_2
          WHERE date = 'placed' AND facet = ANY (%(dated_2)s::text[]) -- if dated_2
          INTERSECT SELECT week FROM order_weeks -- if dated_3
          WHERE date = 'placed' AND facet = ANY (%(dated_3)s::text[]) -- if dated_3
      ) AS w) AS b) -- if dated_1

-- name: orders_placed_after
-- As orders_placed_before, from the first week.
  AND (placed_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text) -- if undated
  AND (placed_at, order_id) > (SELECT -- if dated_1
      CASE WHEN %(after)s::timestamptz >= b.bound THEN %(after)s::timestamptz -- if dated_1
          WHEN %(after)s::timestamptz < b.bound THEN b.bound END, -- if dated_1
      CASE WHEN %(after)s::timestamptz >= b.bound THEN %(after_id)s::text ELSE '' END -- if dated_1
      FROM (SELECT to_timestamp(min(week) * 604800) AS bound FROM ( -- if dated_1
          SELECT week FROM order_weeks WHERE date = 'placed' AND facet = ANY (%(dated_1)s::text[]) -- if dated_1
          INTERSECT SELECT week FROM order_weeks -- if dated_2
          WHERE date = 'placed' AND facet = ANY (%(dated_2)s::text[]) -- if dated_2
          INTERSECT SELECT week FROM order_weeks -- if dated_3
          WHERE date = 'placed' AND facet = ANY (%(dated_3)s::text[]) -- if dated_3
      ) AS w) AS b) -- if dated_1

-- name: orders_updated_before
-- As orders_placed_before, by the weeks in which they were updated.
  AND (updated_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if undated
  AND (updated_at, order_id) < (SELECT -- if dated_1
      CASE WHEN %(after)s::timestamptz <= b.bound THEN %(after)s::timestamptz -- if dated_1
          WHEN %(after)s::timestamptz > b.bound THEN b.bound END, -- if dated_1
      CASE WHEN %(after)s::timestamptz <= b.bound THEN %(after_id)s::text ELSE '' END -- if dated_1
      FROM (SELECT to_timestamp((max(week) + 1) * 604800) AS bound FROM ( -- if dated_1
          SELECT week FROM order_weeks WHERE date = 'updated' AND facet = ANY (%(dated_1)s::text[]) -- if dated_1
          INTERSECT SELECT week FROM order_weeks -- if dated_2
          WHERE date = 'updated' AND facet = ANY (%(dated_2)s::text[]) -- if dated_2
          INTERSECT SELECT week FROM order_weeks -- if dated_3
          WHERE date = 'updated' AND facet = ANY (%(dated_3)s::text[]) -- if dated_3
      ) AS w) AS b) -- if dated_1

-- name: orders_updated_after
-- As orders_updated_before, from the first week.
  AND (updated_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text) -- if undated
  AND (updated_at, order_id) > (SELECT -- if dated_1
      CASE WHEN %(after)s::timestamptz >= b.bound THEN %(after)s::timestamptz -- if dated_1
          WHEN %(after)s::timestamptz < b.bound THEN b.bound END, -- if dated_1
      CASE WHEN %(after)s::timestamptz >= b.bound THEN %(after_id)s::text ELSE '' END -- if dated_1
      FROM (SELECT to_timestamp(min(week) * 604800) AS bound FROM ( -- if dated_1
          SELECT week FROM order_weeks WHERE date = 'updated' AND facet = ANY (%(dated_1)s::text[]) -- if dated_1
          INTERSECT SELECT week FROM order_weeks -- if dated_2
          WHERE date = 'updated' AND facet = ANY (%(dated_2)s::text[]) -- if dated_2
          INTERSECT SELECT week FROM order_weeks -- if dated_3
          WHERE date = 'updated' AND facet = ANY (%(dated_3)s::text[]) -- if dated_3
      ) AS w) AS b) -- if dated_1

-- name: orders_numbered_after
-- As orders_placed_before, from the first beginning of numbers.
  AND (number, order_id) > (%(after)s::text, %(after_id)s::text) -- if undated
  AND (number, order_id) > (SELECT -- if dated_1
      CASE WHEN %(after)s::text >= b.bound THEN %(after)s::text -- if dated_1
          WHEN %(after)s::text < b.bound THEN b.bound END, -- if dated_1
      CASE WHEN %(after)s::text >= b.bound THEN %(after_id)s::text ELSE '' END -- if dated_1
      FROM (SELECT min(beginning) AS bound FROM ( -- if dated_1
          SELECT beginning FROM order_numbers WHERE facet = ANY (%(dated_1)s::text[]) -- if dated_1
          INTERSECT SELECT beginning FROM order_numbers WHERE facet = ANY (%(dated_2)s::text[]) -- if dated_2
          INTERSECT SELECT beginning FROM order_numbers WHERE facet = ANY (%(dated_3)s::text[]) -- if dated_3
      ) AS w) AS b) -- if dated_1

-- name: weeks_of_periods
-- The weeks in which orders were placed that periods let pass.
weeks AS MATERIALIZED (
    SELECT week FROM (
        SELECT DISTINCT to_timestamp(week * 604800) AS week FROM order_weeks
        WHERE date = 'placed' AND facet >= %(weekly_from)s::text AND facet <= %(weekly_to)s::text
    ) AS w
    WHERE true
      AND week > %(placed_from)s::timestamptz - interval '7 days' -- if placed_from
      AND week < %(placed_to)s::timestamptz -- if placed_to
      AND EXISTS (SELECT FROM orders -- if changed
          WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week -- if changed
            AND updated_at >= %(updated_from)s::timestamptz -- if updated_from
            AND updated_at < %(updated_to)s::timestamptz -- if updated_to
      ) -- if changed
)

-- name: hits_of_words
-- Of the orders that come next those with the words, if a sample of them has enough.
sample AS MATERIALIZED (
    SELECT orders < %(looked_through)s AS are_all,
        orders < %(looked_through)s OR hits >= %(enough)s AS suffices
    FROM (SELECT count(*) AS orders FROM near) AS n, (
        SELECT count(*) AS hits FROM (SELECT order_id, row_number() OVER () AS place FROM near) AS o
        CROSS JOIN LATERAL (SELECT FROM order_terms t WHERE t.order_id = o.order_id
            AND t.term LIKE %(q)s::text AND (%(with_sensitive)s OR NOT t.sensitive) LIMIT 1) AS t
        WHERE o.place %% %(each)s = 0
    ) AS h
),
hits AS MATERIALIZED (
    SELECT order_id, mark FROM near o
    CROSS JOIN LATERAL (SELECT FROM order_terms t WHERE t.order_id = o.order_id
        AND t.term LIKE %(q)s::text AND (%(with_sensitive)s OR NOT t.sensitive) LIMIT 1) AS t
    WHERE (SELECT suffices FROM sample)
    LIMIT %(limit)s
)

-- name: hits_of_sku
-- Of the orders that come next those with the SKU, if it has enough lines.
sample AS MATERIALIZED (
    SELECT orders < %(each)s AS are_all, orders < %(each)s OR lines >= %(enough)s AS suffices
    FROM (SELECT count(*) AS orders FROM (SELECT FROM near LIMIT %(each)s) AS n) AS n,
        (SELECT count(*) AS lines FROM (
            SELECT FROM order_lines WHERE sku = %(sku)s::text LIMIT %(enough)s) AS l) AS l
),
hits AS MATERIALIZED (
    SELECT order_id, mark FROM near o
    CROSS JOIN LATERAL (SELECT FROM order_lines l
        WHERE l.order_id = o.order_id AND l.sku = %(sku)s::text LIMIT 1) AS l
    WHERE (SELECT suffices FROM sample)
    LIMIT %(limit)s
)

-- name: ranges_of_numbers
-- Numbers that begin as those of a channel do and so have the words: all that begin so, or those whose
-- digits then begin with the digits in which the words end. Whether others can have the words as well,
-- which are then found by the index of words: those that orders were imported with.
begun AS MATERIALIZED (
    SELECT first, first || ':' AS beyond FROM (
        SELECT DISTINCT CASE WHEN strpos(lower(beginning), %(words)s::text) > 0 THEN beginning
            ELSE beginning || %(word_digits)s::text END AS first
        FROM order_numbers WHERE facet = 'numbers' AND beginning <> ''
            AND (strpos(lower(beginning), %(words)s::text) > 0 OR %(word_digits)s::text <> ''
                AND right(lower(beginning), length(%(word_head)s::text)) = %(word_head)s::text)
    ) AS r
),
ranges AS MATERIALIZED (
    SELECT first, beyond FROM begun AS r
    WHERE NOT EXISTS (SELECT FROM begun AS b
        WHERE b.first < r.first AND r.first < b.beyond)
),
others AS MATERIALIZED (
    SELECT %(word_head)s::text = '' OR EXISTS (SELECT FROM order_numbers
        WHERE facet = 'numbers' AND (beginning = '' OR octet_length(beginning) <> length(beginning))) AS possible
)

-- name: gathered_by_words
-- All orders with the words, each found by its key: by numbers along these, and by the index of words.
gathered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM (
        SELECT DISTINCT t.order_id FROM order_terms t
        WHERE t.kind <> 'number' AND t.term LIKE %(q)s::text AND (%(with_sensitive)s OR NOT t.sensitive)
          AND t.grams @> %(grams)s::text[] -- if grams
    ) AS t CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE order_id = t.order_id
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    UNION
    SELECT o.order_id, o.mark FROM (
        SELECT DISTINCT t.order_id FROM order_terms t
        WHERE t.kind = 'number' AND t.term LIKE %(q)s::text
          AND t.grams @> %(grams)s::text[] -- if grams
    ) AS t CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE order_id = t.order_id
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE (SELECT possible FROM others)
    UNION
    SELECT order_id, mark FROM numbered
)

-- name: gathered_by_sku
-- All orders with the SKU, each found by its key.
gathered AS MATERIALIZED (
    SELECT o.order_id, o.mark
    FROM (SELECT DISTINCT order_id FROM order_lines WHERE sku = %(sku)s::text) AS l
    CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE order_id = l.order_id
        -- include: order_filters
        OFFSET 0
    ) AS o
)

-- name: page_by_sku_ascending
-- The rest of a list's statement after `near`, for a SKU.
-- include: hits_of_sku
,
-- include: gathered_by_sku
,
-- include: page_found
-- include: page_of_found_ascending

-- name: page_by_sku_descending
-- The rest of a list's statement after `near`, for a SKU.
-- include: hits_of_sku
,
-- include: gathered_by_sku
,
-- include: page_found
-- include: page_of_found_descending

-- name: page_by_words_ascending
-- The rest of a list's statement after `ranges_of_numbers`, for words.
-- include: gathered_by_words
,
-- include: page_found
-- include: page_of_found_ascending

-- name: page_by_words_descending
-- The rest of a list's statement after `ranges_of_numbers`, for words.
-- include: gathered_by_words
,
-- include: page_found
-- include: page_of_found_descending

-- name: page_found
-- Where the hits neither fill the page nor are all there are, all orders with the words or the SKU are
-- read and sorted.
complete AS MATERIALIZED (
    SELECT (SELECT count(*) FROM hits) >= %(limit)s
        OR (SELECT are_all FROM sample) AS yes
),
found AS (
    SELECT order_id, mark FROM hits WHERE (SELECT yes FROM complete)
    UNION ALL
    SELECT order_id, mark FROM gathered WHERE (SELECT NOT yes FROM complete)
)

-- name: page_of_found_descending
-- The page, in descending order.
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (SELECT order_id, mark FROM found ORDER BY mark DESC, order_id DESC LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.mark DESC, o.order_id DESC

-- name: page_of_found_ascending
-- The page, in ascending order.
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (SELECT order_id, mark FROM found ORDER BY mark, order_id LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.mark, o.order_id

-- name: list_orders
-- The default page, newest first: walks the index on placed_at and stops when it is full.
SELECT o.order_id, o.placed_at AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, placed_at FROM orders o
    WHERE true
    -- include: orders_placed_before
    -- include: order_filters
    ORDER BY placed_at DESC, order_id DESC
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.placed_at DESC, o.order_id DESC;

-- name: list_orders_oldest
-- Oldest first.
SELECT o.order_id, o.placed_at AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, placed_at FROM orders o
    WHERE true
    -- include: orders_placed_after
    -- include: order_filters
    ORDER BY placed_at, order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.placed_at, o.order_id;

-- name: list_orders_by_newest_change
-- Those that changed last come first.
SELECT o.order_id, o.updated_at AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, updated_at FROM orders o
    WHERE true
    -- include: orders_updated_before
    -- include: order_filters
    ORDER BY updated_at DESC, order_id DESC
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.updated_at DESC, o.order_id DESC;

-- name: list_orders_by_oldest_change
-- Those that changed last come last.
SELECT o.order_id, o.updated_at AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, updated_at FROM orders o
    WHERE true
    -- include: orders_updated_after
    -- include: order_filters
    ORDER BY updated_at, order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.updated_at, o.order_id;

-- name: list_orders_by_number
-- By number.
SELECT o.order_id, o.number AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, number FROM orders o
    WHERE true
    -- include: orders_numbered_after
    -- include: order_filters
    ORDER BY number, order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.number, o.order_id;

-- name: list_orders_by_total
-- By total, whatever the currency.
SELECT o.order_id, o.total AS mark, d.item, d.sensitive
FROM (
    SELECT order_id, total FROM orders o
    WHERE (total, order_id) > (%(after)s::bigint, %(after_id)s::text)
    -- include: order_filters
    ORDER BY total, order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.total, o.order_id;

-- name: list_orders_by_weeks
-- As list_orders, for periods by other dates: the weeks in which the orders were placed follow one on the
-- other, and each is read by the index of its other dates until the page is full.
WITH
-- include: weeks_of_periods
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (
    SELECT o.order_id, o.mark
    FROM (SELECT week FROM weeks WHERE week <= %(after)s::timestamptz ORDER BY week DESC) AS w CROSS JOIN LATERAL (
        SELECT order_id, mark FROM (
            SELECT order_id, placed_at AS mark FROM orders
            WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week
              AND (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
            -- include: order_filters
            OFFSET 0
        ) AS o
        ORDER BY mark DESC, order_id DESC LIMIT %(limit)s
    ) AS o
    ORDER BY w.week DESC, o.mark DESC, o.order_id DESC
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.mark DESC, o.order_id DESC;

-- name: list_orders_oldest_by_weeks
-- As list_orders_oldest, for periods by other dates.
WITH
-- include: weeks_of_periods
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (
    SELECT o.order_id, o.mark
    FROM (SELECT week FROM weeks WHERE week > %(after)s::timestamptz - interval '7 days' ORDER BY week) AS w CROSS JOIN LATERAL (
        SELECT order_id, mark FROM (
            SELECT order_id, placed_at AS mark FROM orders
            WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week
              AND (placed_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
            -- include: order_filters
            OFFSET 0
        ) AS o
        ORDER BY mark, order_id LIMIT %(limit)s
    ) AS o
    ORDER BY w.week, o.mark, o.order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.mark, o.order_id;

-- name: list_orders_by_newest_change_by_weeks
-- As list_orders_by_newest_change, for periods by other dates: the page is made of the first orders of each
-- week.
WITH
-- include: weeks_of_periods
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (
    SELECT o.order_id, o.mark
    FROM weeks AS w CROSS JOIN LATERAL (
        SELECT order_id, updated_at AS mark FROM orders
        WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week
          AND (updated_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
        -- include: order_filters
        ORDER BY updated_at DESC, order_id DESC LIMIT %(limit)s
    ) AS o
    ORDER BY o.mark DESC, o.order_id DESC
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.mark DESC, o.order_id DESC;

-- name: list_orders_by_oldest_change_by_weeks
-- As list_orders_by_oldest_change, for periods by other dates.
WITH
-- include: weeks_of_periods
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (
    SELECT o.order_id, o.mark
    FROM weeks AS w CROSS JOIN LATERAL (
        SELECT order_id, updated_at AS mark FROM orders
        WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week
          AND (updated_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
        -- include: order_filters
        ORDER BY updated_at, order_id LIMIT %(limit)s
    ) AS o
    ORDER BY o.mark, o.order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.mark, o.order_id;

-- name: list_orders_by_number_by_weeks
-- As list_orders_by_number, for periods.
WITH
-- include: weeks_of_periods
SELECT o.order_id, o.mark, d.item, d.sensitive
FROM (
    SELECT o.order_id, o.mark
    FROM weeks AS w CROSS JOIN LATERAL (
        SELECT order_id, number AS mark FROM orders
        WHERE date_bin('7 days', placed_at, '1970-01-01 00:00:00+00') = w.week
          AND (number, order_id) > (%(after)s::text, %(after_id)s::text)
        -- include: order_filters
        ORDER BY number, order_id LIMIT %(limit)s
    ) AS o
    ORDER BY o.mark, o.order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.mark, o.order_id;

-- name: list_orders_gathered
-- As list_orders, where few orders can pass the filters: all of these are read and sorted. Along the
-- index of the sort those that cannot would have to be passed.
WITH gathered AS MATERIALIZED (
    SELECT order_id, placed_at FROM orders o
    WHERE (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.placed_at AS mark, d.item, d.sensitive
FROM (SELECT order_id, placed_at FROM gathered ORDER BY placed_at DESC, order_id DESC LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.placed_at DESC, o.order_id DESC;

-- name: list_orders_oldest_gathered
-- As list_orders_oldest, where few orders can pass the filters.
WITH gathered AS MATERIALIZED (
    SELECT order_id, placed_at FROM orders o
    WHERE (placed_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.placed_at AS mark, d.item, d.sensitive
FROM (SELECT order_id, placed_at FROM gathered ORDER BY placed_at, order_id LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.placed_at, o.order_id;

-- name: list_orders_by_newest_change_gathered
-- As list_orders_by_newest_change, where few orders can pass the filters.
WITH gathered AS MATERIALIZED (
    SELECT order_id, updated_at FROM orders o
    WHERE (updated_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.updated_at AS mark, d.item, d.sensitive
FROM (SELECT order_id, updated_at FROM gathered ORDER BY updated_at DESC, order_id DESC LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.updated_at DESC, o.order_id DESC;

-- name: list_orders_by_oldest_change_gathered
-- As list_orders_by_oldest_change, where few orders can pass the filters.
WITH gathered AS MATERIALIZED (
    SELECT order_id, updated_at FROM orders o
    WHERE (updated_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.updated_at AS mark, d.item, d.sensitive
FROM (SELECT order_id, updated_at FROM gathered ORDER BY updated_at, order_id LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.updated_at, o.order_id;

-- name: list_orders_by_number_gathered
-- As list_orders_by_number, where few orders can pass the filters.
WITH gathered AS MATERIALIZED (
    SELECT order_id, number FROM orders o
    WHERE (number, order_id) > (%(after)s::text, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.number AS mark, d.item, d.sensitive
FROM (SELECT order_id, number FROM gathered ORDER BY number, order_id LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.number, o.order_id;

-- name: list_orders_by_total_gathered
-- As list_orders_by_total, where few orders can pass the filters.
WITH gathered AS MATERIALIZED (
    SELECT order_id, total FROM orders o
    WHERE (total, order_id) > (%(after)s::bigint, %(after_id)s::text)
    -- include: order_filters
    -- include: order_matches
)
SELECT o.order_id, o.total AS mark, d.item, d.sensitive
FROM (SELECT order_id, total FROM gathered ORDER BY total, order_id LIMIT %(limit)s) AS o
JOIN order_dossiers d USING (order_id)
ORDER BY o.total, o.order_id;

-- name: list_orders_with_words
-- As list_orders, for words: the next orders fill a page with frequent ones; few are gathered by
-- rare ones.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, placed_at AS mark FROM orders
    WHERE (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, placed_at AS mark FROM orders
    WHERE true
    -- include: orders_placed_before
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark DESC, order_id DESC
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE number >= r.first AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark DESC, o.order_id DESC LIMIT %(limit)s
),
-- include: page_by_words_descending
;

-- name: list_orders_oldest_with_words
-- As list_orders_oldest, for words.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, placed_at AS mark FROM orders
    WHERE (placed_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, placed_at AS mark FROM orders
    WHERE true
    -- include: orders_placed_after
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE number >= r.first AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark, o.order_id LIMIT %(limit)s
),
-- include: page_by_words_ascending
;

-- name: list_orders_by_newest_change_with_words
-- As list_orders_by_newest_change, for words.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, updated_at AS mark FROM orders
    WHERE (updated_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, updated_at AS mark FROM orders
    WHERE true
    -- include: orders_updated_before
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark DESC, order_id DESC
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE number >= r.first AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark DESC, o.order_id DESC LIMIT %(limit)s
),
-- include: page_by_words_descending
;

-- name: list_orders_by_oldest_change_with_words
-- As list_orders_by_oldest_change, for words.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, updated_at AS mark FROM orders
    WHERE (updated_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, updated_at AS mark FROM orders
    WHERE true
    -- include: orders_updated_after
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE number >= r.first AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark, o.order_id LIMIT %(limit)s
),
-- include: page_by_words_ascending
;

-- name: list_orders_by_number_with_words
-- As list_orders_by_number, for words.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, number AS mark FROM orders
    WHERE (number, order_id) > (%(after)s::text, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, number AS mark FROM orders
    WHERE true
    -- include: orders_numbered_after
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, number AS mark FROM orders
        WHERE (number, order_id) > (greatest(%(after)s::text, r.first),
                CASE WHEN %(after)s::text >= r.first THEN %(after_id)s::text ELSE '' END)
            AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        ORDER BY number, order_id LIMIT %(limit)s
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark, o.order_id LIMIT %(limit)s
),
-- include: page_by_words_ascending
;

-- name: list_orders_by_total_with_words
-- As list_orders_by_total, for words.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, total AS mark FROM orders
    WHERE (total, order_id) > (%(after)s::bigint, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, mark FROM ordered
    WHERE true
    -- include: order_filters
    -- include: order_of_sku
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: hits_of_words
,
-- include: ranges_of_numbers
,
numbered AS MATERIALIZED (
    SELECT o.order_id, o.mark FROM ranges AS r CROSS JOIN LATERAL (
        SELECT order_id, mark FROM ordered
        WHERE number >= r.first AND number < r.beyond
        -- include: order_filters
        -- include: order_of_sku
        OFFSET 0
    ) AS o
    WHERE NOT (SELECT possible FROM others)
    ORDER BY o.mark, o.order_id LIMIT %(limit)s
),
-- include: page_by_words_ascending
;

-- name: list_orders_with_sku
-- As list_orders, for a SKU: the next orders fill a page with a frequent one.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, placed_at AS mark FROM orders
    WHERE (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, placed_at AS mark FROM orders
    WHERE true
    -- include: orders_placed_before
    -- include: order_filters
    ORDER BY mark DESC, order_id DESC
    LIMIT %(looked_through)s
),
-- include: page_by_sku_descending
;

-- name: list_orders_oldest_with_sku
-- As list_orders_oldest, for a SKU.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, placed_at AS mark FROM orders
    WHERE (placed_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, placed_at AS mark FROM orders
    WHERE true
    -- include: orders_placed_after
    -- include: order_filters
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: page_by_sku_ascending
;

-- name: list_orders_by_newest_change_with_sku
-- As list_orders_by_newest_change, for a SKU.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, updated_at AS mark FROM orders
    WHERE (updated_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, updated_at AS mark FROM orders
    WHERE true
    -- include: orders_updated_before
    -- include: order_filters
    ORDER BY mark DESC, order_id DESC
    LIMIT %(looked_through)s
),
-- include: page_by_sku_descending
;

-- name: list_orders_by_oldest_change_with_sku
-- As list_orders_by_oldest_change, for a SKU.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, updated_at AS mark FROM orders
    WHERE (updated_at, order_id) > (%(after)s::timestamptz, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, updated_at AS mark FROM orders
    WHERE true
    -- include: orders_updated_after
    -- include: order_filters
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: page_by_sku_ascending
;

-- name: list_orders_by_number_with_sku
-- As list_orders_by_number, for a SKU.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, number AS mark FROM orders
    WHERE (number, order_id) > (%(after)s::text, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, number AS mark FROM orders
    WHERE true
    -- include: orders_numbered_after
    -- include: order_filters
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: page_by_sku_ascending
;

-- name: list_orders_by_total_with_sku
-- As list_orders_by_total, for a SKU.
WITH ordered AS NOT MATERIALIZED (
    SELECT *, total AS mark FROM orders
    WHERE (total, order_id) > (%(after)s::bigint, %(after_id)s::text)
),
near AS MATERIALIZED (
    SELECT order_id, mark FROM ordered
    WHERE true
    -- include: order_filters
    ORDER BY mark, order_id
    LIMIT %(looked_through)s
),
-- include: page_by_sku_ascending
;

-- name: sum_orders
-- How many orders a list has, and what they add up to, by currency.
SELECT currency, count(*) AS orders, sum(total)::bigint AS total,
    sum(cancelled_total)::bigint AS cancelled_total
FROM orders o
WHERE true
-- include: order_filters
-- include: order_matches
GROUP BY currency ORDER BY currency;

-- name: orders_of_customer
-- Oldest first. Guests have no id: their orders are those that their key seals.
SELECT order_id, customer, person, placed_at FROM orders
WHERE customer_id = %(customer)s OR person = %(key)s ORDER BY placed_at, order_id;

-- name: orders_of_their_addresses
-- What guests have ordered with an e-mail address of the customer's: forgotten with the customer.
SELECT order_id, customer, person, placed_at FROM orders
WHERE person IN (
    SELECT g.key_id FROM subject_keys AS k JOIN subject_index AS i USING (key_id)
    JOIN subject_keys AS g ON g.subject = 'email:' || i.blind
    WHERE k.subject = %(subject)s AND k.destroyed_at IS NULL AND g.destroyed_at IS NULL)
ORDER BY placed_at, order_id;

-- name: guest_keys
-- The keys of guests with an e-mail address of the customer's.
SELECT g.key_id FROM subject_keys AS k JOIN subject_index AS i USING (key_id)
JOIN subject_keys AS g ON g.subject = 'email:' || i.blind
WHERE k.subject = %(subject)s AND k.destroyed_at IS NULL AND g.destroyed_at IS NULL;

-- name: drafts_of_customer
-- Oldest first. The view is of another read model: `position_of_model` says how far that is.
SELECT draft_id, customer_id, document, person, created_at, updated_at FROM drafts
WHERE customer_id = %(customer)s OR person = ANY (%(keys)s::text[])
ORDER BY created_at, draft_id;

-- name: messages_of_orders
-- Oldest first. The view is of another read model; `facets` are those of the orders.
SELECT message_id FROM messages WHERE facets && %(orders)s::text[]
ORDER BY requested_at, message_id;

-- name: position_of_model
-- How far another read model is folded.
SELECT position FROM projection_positions WHERE name = %(model)s AND state = 'live';

-- name: accesses_of_customer
-- Who was shown what the customer's keys open, today's and those that were destroyed, or those of
-- guests with an e-mail address of theirs.
SELECT at, actor, purpose, route FROM personal_access
WHERE keys && array(
    SELECT k.key_id FROM subject_keys AS k WHERE k.subject = %(subject)s OR k.key_id = %(key)s
    UNION
    SELECT g.key_id FROM subject_keys AS k JOIN subject_index AS i USING (key_id)
    JOIN subject_keys AS g ON g.subject = 'email:' || i.blind
    WHERE k.subject = %(subject)s AND k.destroyed_at IS NULL AND g.destroyed_at IS NULL)
ORDER BY number;

-- name: overdue
-- Whose period is over, for every order that their key seals; `open` counts those that are not
-- settled. A key that seals nothing counts from when it was made. Without a period, never.
SELECT k.key_id, k.subject, count(o.order_id) AS order_count,
    coalesce(max(o.last_at), k.created_at) AS since,
    (array_agg(o.country ORDER BY o.last_at DESC, o.order_id))[1] AS country,
    count(*) FILTER (WHERE o.status <> ALL (%(orders_settled)s::text[])
        OR o.payment <> ALL (%(payments_settled)s::text[])
        OR o.returned <> ALL (%(returns_settled)s::text[])) AS open
FROM subject_keys AS k
LEFT JOIN orders AS o ON o.person = k.key_id
LEFT JOIN unnest(%(kinds)s::text[], %(countries)s::text[], %(cutoffs)s::timestamptz[])
    AS own (kind, country, cutoff)
    ON own.country = o.country
    AND own.kind = CASE WHEN starts_with(k.subject, 'customer:') THEN 'customers' ELSE 'guests' END
LEFT JOIN unnest(%(kinds)s::text[], %(countries)s::text[], %(cutoffs)s::timestamptz[])
    AS others (kind, country, cutoff)
    ON others.country = ''
    AND others.kind = CASE WHEN starts_with(k.subject, 'customer:') THEN 'customers' ELSE 'guests' END
WHERE k.destroyed_at IS NULL AND k.subject <> 'ledger' AND k.key_id > %(after)s
GROUP BY k.key_id
HAVING bool_and(coalesce(o.last_at, k.created_at)
    < coalesce(own.cutoff, others.cutoff, '-infinity'))
ORDER BY k.key_id LIMIT %(limit)s;

-- name: works_of_orders
-- What the fulfilment orders of orders follow from: the order whole, those on which work has begun,
-- and its shipments. These are of two other read models, which may be behind this one or ahead.
SELECT o.order_id, o.channel, o.ship_by, o.placed_at, d.document, f.works, s.parcels,
    (SELECT p.position FROM projection_positions p
        WHERE p.name = 'fulfilment_queue' AND p.state = 'live') AS works_position
FROM listed AS o
JOIN order_dossiers AS d USING (order_id)
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('document', q.document, 'position', q.position))::text AS works
    FROM fulfilment_queue AS q WHERE q.order_id = o.order_id
) AS f ON true
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object('shipment_id', p.shipment_id, 'location', p.location,
        'carrier', p.carrier, 'lines', p.lines, 'fulfilment_id', p.fulfilment_id))::text AS parcels
    FROM shipments AS p WHERE p.order_id = o.order_id
) AS s ON true

-- name: work_filters
-- What lists of fulfilment orders have in common. No sensitive order is found by its external id.
  AND facets && %(location)s::text[] -- if location
  AND facets && %(channel)s::text[] -- if channel
  AND facets && %(within)s::text[] -- if within
  AND ship_by < %(due_before)s::timestamptz -- if due_before
  AND order_id IN ( -- if q
      SELECT t.order_id FROM order_terms AS t WHERE t.kind = 'number' AND t.term LIKE %(q)s::text -- if q
        AND t.grams @> %(grams)s::text[] -- if grams
        AND NOT t.sensitive -- if q
      UNION ALL -- if q
      SELECT t.order_id FROM order_terms AS t WHERE t.kind <> 'number' AND t.term LIKE %(q)s::text -- if q
        AND t.grams @> %(grams)s::text[] -- if grams
        AND NOT t.sensitive) -- if q

-- name: work_of_order
-- One order.
WITH listed AS (SELECT * FROM orders WHERE order_id = %(order_id)s::text)
-- include: works_of_orders
;

-- name: work_by_due_date
-- Orders with units that have not left, those that are to be shipped first come first.
WITH listed AS (
    SELECT * FROM orders AS o
    WHERE status IN ('scheduled', 'confirmed', 'processing')
      AND (ship_by, order_id) >= (%(after)s::timestamptz, %(after_id)s::text)
    -- include: work_filters
    ORDER BY ship_by, order_id
    LIMIT %(limit)s
)
-- include: works_of_orders
ORDER BY o.ship_by, o.order_id;

-- name: work_newest_first
-- All orders, those that were placed last come first.
WITH listed AS (
    SELECT * FROM orders AS o
    WHERE (placed_at, order_id) <= (%(after)s::timestamptz, %(after_id)s::text)
    -- include: work_filters
    ORDER BY placed_at DESC, order_id DESC
    LIMIT %(limit)s
)
-- include: works_of_orders
ORDER BY o.placed_at DESC, o.order_id DESC;
