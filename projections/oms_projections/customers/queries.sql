-- name: list_customers
-- By id. The sums of a customer's orders are made for the customers of the page alone.
WITH chosen AS (
    SELECT customer_id, tags, forgotten FROM customers
    WHERE restricted = %(restricted)s
      AND customer_id > %(after)s::text -- if after
      AND tags && %(tag)s::text[] -- if tag
    ORDER BY customer_id LIMIT %(limit)s
)
SELECT c.customer_id, c.tags, c.forgotten, coalesce(sum(o.orders), 0)::bigint AS orders,
    coalesce(sum(o.cancelled_orders), 0)::bigint AS cancelled_orders,
    coalesce(sum(o.returns), 0)::bigint AS returns,
    min(o.first_order_at) AS first_order_at, max(o.last_order_at) AS last_order_at,
    jsonb_agg(jsonb_build_object('currency', o.currency, 'ordered', o.ordered, 'paid', o.paid,
        'refunded', o.refunded) ORDER BY o.currency) FILTER (WHERE o.orders IS NOT NULL) AS money
FROM chosen AS c LEFT JOIN LATERAL (
    SELECT currency, count(*) AS orders, count(*) FILTER (WHERE cancelled >= units) AS cancelled_orders,
        sum(returned) AS returns, min(placed_at) AS first_order_at, max(placed_at) AS last_order_at,
        sum(total)::bigint AS ordered, sum(paid)::bigint AS paid, sum(refunded)::bigint AS refunded
    FROM customer_orders WHERE customer_id = c.customer_id GROUP BY currency
) AS o ON TRUE
GROUP BY c.customer_id, c.tags, c.forgotten
ORDER BY c.customer_id;
