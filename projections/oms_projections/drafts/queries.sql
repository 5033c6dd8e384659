-- name: drafts_by_id
-- Drafts whole.
SELECT draft_id AS key, * FROM drafts WHERE draft_id = ANY (%(keys)s::text[]);

-- name: list_drafts
-- Newest first.
SELECT * FROM drafts
WHERE true
  AND (created_at, draft_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND facets && %(status)s::text[] -- if status
  AND facets && %(channel)s::text[] -- if channel
  AND facets && %(customer)s::text[] -- if customer
  AND search LIKE %(q)s::text -- if q
  AND grams @> %(grams)s::text[] -- if grams
ORDER BY created_at DESC, draft_id DESC
LIMIT %(limit)s;
