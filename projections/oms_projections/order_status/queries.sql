-- name: order_answers
-- Orders as they are answered, and what their shipments say of themselves.
SELECT d.order_id AS key, d.answer, d.version, d.sensitive, p.parcels
FROM order_dossiers d LEFT JOIN LATERAL (
    SELECT json_agg(p ORDER BY p.shipment_id)::text AS parcels
    FROM order_parcels p WHERE p.order_id = d.order_id
) AS p ON true
WHERE d.order_id = ANY (%(keys)s::text[]);

-- name: parcels
-- The shipments of one order.
SELECT * FROM order_parcels WHERE order_id = %(order_id)s ORDER BY shipment_id;

-- name: orders_by_name
-- Orders with exactly this number, whatever its case, or this external id, which several channels
-- may have given: how the command line finds what people call an order.
SELECT order_id, number, channel, lower(number) = lower(%(name)s::text) AS by_number
FROM orders
WHERE lower(number) = lower(%(name)s::text) OR external_id = %(name)s
ORDER BY by_number DESC, number
LIMIT %(limit)s;

-- name: order_filters
-- What lists of orders have in common. Without `with_sensitive` no sensitive order is found by what
-- is in it: neither by a SKU nor by the external id that somebody gave it.
  AND status = %(status)s::text -- if status
  AND payment = %(payment)s::text -- if payment
  AND fulfilment = %(fulfilment)s::text -- if fulfilment
  AND returned = %(returned)s::text -- if returned
  AND (on_hold AND status <> 'cancelled') = %(on_hold)s::boolean -- if on_hold
  AND channel = %(channel)s::text -- if channel
  AND %(location)s::text = ANY (locations) -- if location
  AND customer_id = %(customer)s::text -- if customer
  AND placed_at >= %(placed_from)s::timestamptz -- if placed_from
  AND placed_at < %(placed_to)s::timestamptz -- if placed_to
  AND %(late)s::boolean = (coalesce(shipped_at, %(now)s::timestamptz) > ship_by -- if late
      AND fulfilment <> 'not_required' AND fulfilment <> 'cancelled') -- if late
  AND (%(with_sensitive)s OR NOT sensitive) AND order_id IN ( -- if sku
      SELECT l.order_id FROM order_lines l WHERE l.sku = %(sku)s::text) -- if sku
  AND person IN (SELECT i.key_id FROM subject_index i WHERE i.blind = %(blind)s::text) -- if blind
  AND (CASE WHEN %(with_sensitive)s OR NOT sensitive THEN search ELSE lower(number) END -- if q
          LIKE %(q)s::text -- if q
      OR order_id IN ( -- if q
      SELECT p.order_id FROM order_parcels p WHERE lower(p.tracking_number) LIKE %(q)s)) -- if q

-- name: list_orders
-- The default page, newest first: walks the index on placed_at and stops when it is full.
SELECT o.order_id, o.placed_at, d.item, d.sensitive
FROM (
    SELECT order_id, placed_at FROM orders
    WHERE (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
    -- include: order_filters
    ORDER BY placed_at DESC, order_id DESC
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.placed_at DESC, o.order_id DESC;

-- name: list_orders_sorted
-- The other orders of sorting: the matching rows are ranked and the first of them kept. A rank is a
-- number or a word; descending numbers are negated.
SELECT o.order_id, o.rank_number, o.rank_word, d.item, d.sensitive
FROM (
    SELECT * FROM (
        SELECT order_id,
            CASE %(sort)s::text
                WHEN 'placed_at' THEN (extract(epoch FROM placed_at) * 1000000)::bigint
                WHEN 'updated_at' THEN (extract(epoch FROM updated_at) * 1000000)::bigint
                WHEN '-updated_at' THEN -(extract(epoch FROM updated_at) * 1000000)::bigint
                WHEN 'total' THEN total
                ELSE 0
            END AS rank_number,
            CASE %(sort)s::text WHEN 'number' THEN number ELSE '' END AS rank_word
        FROM orders
        WHERE true
        -- include: order_filters
    ) AS ranked
    WHERE (rank_number, rank_word COLLATE "C", order_id)
        > (%(after)s::bigint, %(after_word)s::text, %(after_id)s::text)
    ORDER BY rank_number, rank_word COLLATE "C", order_id
    LIMIT %(limit)s
) AS o JOIN order_dossiers d USING (order_id)
ORDER BY o.rank_number, o.rank_word COLLATE "C", o.order_id;

-- name: orders_of_customer
-- Oldest first. Guests have no id: their orders are those that their key seals.
SELECT order_id, customer, placed_at FROM orders
WHERE customer_id = %(customer)s OR person = %(key)s ORDER BY placed_at, order_id;

-- name: orders_of_their_addresses
-- What guests have ordered with an e-mail address of the customer's: forgotten with the customer.
SELECT order_id, customer, placed_at FROM orders
WHERE person IN (
    SELECT g.key_id FROM subject_keys AS k JOIN subject_index AS i USING (key_id)
    JOIN subject_keys AS g ON g.subject = 'email:' || i.blind
    WHERE k.subject = %(subject)s AND k.destroyed_at IS NULL AND g.destroyed_at IS NULL)
ORDER BY placed_at, order_id;

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
