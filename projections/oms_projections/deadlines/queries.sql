-- name: list_deadlines
-- A page of what is open, in the order of the index deadlines_due.
SELECT kind, id, due_at, position
FROM deadlines
WHERE parts > 0 AND NOT ended AND NOT covered
  AND kind = ANY(%(kind)s::text[]) -- if kind
  AND id = %(key)s -- if key
  AND due_at < %(due_before)s -- if due_before
  AND (due_at, kind, id) > (%(after)s::timestamptz, %(after_kind)s, %(after_id)s)
ORDER BY due_at, kind, id LIMIT %(limit)s;

-- name: due
-- What became due in a period and was not submitted yet, for the loop that submits the commands.
SELECT d.kind, d.id, d.due_at, d.reference, d.position, d.stream, d.correlation_id
FROM deadlines AS d
WHERE d.parts > 0 AND NOT d.ended AND NOT d.covered
  AND d.due_at > %(since)s AND d.due_at <= %(until)s
  AND d.kind = ANY(%(kinds)s::text[])
  AND NOT EXISTS (SELECT FROM submitted_deadlines AS s
                  WHERE s.kind = d.kind AND s.reference = d.reference)
ORDER BY d.due_at, d.kind, d.id LIMIT %(limit)s;
