-- name: dossier
-- One order whole.
SELECT document FROM order_dossiers WHERE order_id = %(order_id)s;

-- name: parcels
-- The shipments of one order.
SELECT * FROM order_parcels WHERE order_id = %(order_id)s ORDER BY shipment_id;

-- name: list_orders
-- The default page, newest first: walks the index on placed_at and stops when it is full.
SELECT * FROM orders o
WHERE (placed_at, order_id) < (%(after)s::timestamptz, %(after_id)s::text)
  AND (%(status)s::text IS NULL OR status = %(status)s)
  AND (%(payment)s::text IS NULL OR payment = %(payment)s)
  AND (%(fulfilment)s::text IS NULL OR fulfilment = %(fulfilment)s)
  AND (%(returned)s::text IS NULL OR returned = %(returned)s)
  AND (%(on_hold)s::boolean IS NULL OR on_hold = %(on_hold)s)
  AND (%(channel)s::text IS NULL OR channel = %(channel)s)
  AND (%(location)s::text IS NULL OR %(location)s = ANY (locations))
  AND (%(customer)s::text IS NULL OR customer_id = %(customer)s)
  AND (%(placed_from)s::timestamptz IS NULL OR placed_at >= %(placed_from)s)
  AND (%(placed_to)s::timestamptz IS NULL OR placed_at < %(placed_to)s)
  AND (%(late)s::boolean IS NULL OR %(late)s = (
      coalesce(shipped_at, %(now)s::timestamptz) > ship_by AND fulfilment <> 'not_required'
      AND fulfilment <> 'cancelled'))
  AND (%(sku)s::text IS NULL OR order_id IN (
      SELECT l.order_id FROM order_lines l WHERE l.sku = %(sku)s))
  AND (%(blind)s::text IS NULL OR person IN (
      SELECT i.key_id FROM subject_index i WHERE i.blind = %(blind)s))
  AND (%(q)s::text IS NULL OR search LIKE %(q)s OR order_id IN (
      SELECT p.order_id FROM order_parcels p WHERE lower(p.tracking_number) LIKE %(q)s))
ORDER BY placed_at DESC, order_id DESC
LIMIT %(limit)s;

-- name: list_orders_sorted
-- The other orders of sorting: the matching rows are ranked and the first of them kept. Filters
-- are those of list_orders. A rank is a number or a word; descending numbers are negated.
SELECT * FROM (
    SELECT o.*,
        CASE %(sort)s::text
            WHEN 'placed_at' THEN (extract(epoch FROM placed_at) * 1000000)::bigint
            WHEN 'updated_at' THEN (extract(epoch FROM updated_at) * 1000000)::bigint
            WHEN '-updated_at' THEN -(extract(epoch FROM updated_at) * 1000000)::bigint
            WHEN 'total' THEN total
            ELSE 0
        END AS rank_number,
        CASE %(sort)s::text WHEN 'number' THEN number ELSE '' END AS rank_word
    FROM orders o
    WHERE (%(status)s::text IS NULL OR status = %(status)s)
      AND (%(payment)s::text IS NULL OR payment = %(payment)s)
      AND (%(fulfilment)s::text IS NULL OR fulfilment = %(fulfilment)s)
      AND (%(returned)s::text IS NULL OR returned = %(returned)s)
      AND (%(on_hold)s::boolean IS NULL OR on_hold = %(on_hold)s)
      AND (%(channel)s::text IS NULL OR channel = %(channel)s)
      AND (%(location)s::text IS NULL OR %(location)s = ANY (locations))
      AND (%(customer)s::text IS NULL OR customer_id = %(customer)s)
      AND (%(placed_from)s::timestamptz IS NULL OR placed_at >= %(placed_from)s)
      AND (%(placed_to)s::timestamptz IS NULL OR placed_at < %(placed_to)s)
      AND (%(late)s::boolean IS NULL OR %(late)s = (
          coalesce(shipped_at, %(now)s::timestamptz) > ship_by AND fulfilment <> 'not_required'
          AND fulfilment <> 'cancelled'))
      AND (%(sku)s::text IS NULL OR order_id IN (
          SELECT l.order_id FROM order_lines l WHERE l.sku = %(sku)s))
      AND (%(blind)s::text IS NULL OR person IN (
          SELECT i.key_id FROM subject_index i WHERE i.blind = %(blind)s))
      AND (%(q)s::text IS NULL OR search LIKE %(q)s OR order_id IN (
          SELECT p.order_id FROM order_parcels p WHERE lower(p.tracking_number) LIKE %(q)s))
) AS ranked
WHERE (rank_number, rank_word COLLATE "C", order_id)
    > (%(after)s::bigint, %(after_word)s::text, %(after_id)s::text)
ORDER BY rank_number, rank_word COLLATE "C", order_id
LIMIT %(limit)s;

-- name: orders_of_customer
-- Oldest first.
SELECT order_id, customer, placed_at FROM orders
WHERE customer_id = %(customer)s ORDER BY placed_at, order_id;

-- name: accesses_of_customer
-- Who was shown what the customer's keys open, today's and those that were destroyed.
SELECT at, actor, purpose, route FROM personal_access
WHERE keys && array(SELECT k.key_id FROM subject_keys AS k WHERE k.subject = %(subject)s)
ORDER BY number;
