-- name: counts_by_id
-- Counts whole.
SELECT count_id AS key, * FROM counts WHERE count_id = ANY (%(keys)s::text[]);

-- name: list_counts
-- Newest first.
SELECT * FROM counts
WHERE true
  AND (created_at, count_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND facets && %(status)s::text[] -- if status
  AND facets && %(location)s::text[] -- if location
ORDER BY created_at DESC, count_id DESC
LIMIT %(limit)s;
