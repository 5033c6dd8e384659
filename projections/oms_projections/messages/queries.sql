-- name: messages_by_id
-- Messages whole.
SELECT message_id AS key, * FROM messages WHERE message_id = ANY (%(keys)s::text[]);

-- name: list_messages
-- Newest first.
SELECT * FROM messages
WHERE true
  AND (requested_at, message_id) < (%(after)s::timestamptz, %(after_id)s::text) -- if after
  AND lower(channel) = ANY (%(within)s::text[]) -- if within
  AND facets && %(status)s::text[] -- if status
  AND facets && %(template)s::text[] -- if template
  AND facets && %(order)s::text[] -- if order
ORDER BY requested_at DESC, message_id DESC
LIMIT %(limit)s;
