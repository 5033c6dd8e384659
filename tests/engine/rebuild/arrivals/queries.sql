-- name: all
-- Every place.
SELECT * FROM arrivals ORDER BY place;
