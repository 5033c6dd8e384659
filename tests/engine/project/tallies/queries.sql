-- name: all
-- Every tally.
SELECT * FROM tallies ORDER BY sku, place;

-- name: of_sku
SELECT units FROM tallies WHERE sku = %(sku)s AND (%(place)s::text IS NULL OR place = %(place)s);

-- name: traces
SELECT position, stream FROM traces ORDER BY position;

-- name: slow
SELECT pg_sleep(%(seconds)s);
