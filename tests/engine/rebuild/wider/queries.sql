-- name: all
-- Every tally.
SELECT * FROM tallies ORDER BY sku, place;
