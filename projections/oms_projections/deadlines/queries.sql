-- name: list_deadlines
-- A page of what is open, in the order of the index deadlines_due.
SELECT kind, id, due_at, position
FROM deadlines
WHERE parts > 0
  AND kind = ANY(%(kind)s::text[]) -- if kind
  AND id = %(key)s -- if key
  AND due_at < %(due_before)s -- if due_before
  AND (due_at, kind, id) > (%(after)s::timestamptz, %(after_kind)s, %(after_id)s)
ORDER BY due_at, kind, id LIMIT %(limit)s;

-- name: due
-- What is due by a time, for the loop that submits the commands. What was refused waits for a person.
SELECT d.kind, d.id, d.due_at, d.reference, d.position, d.stream, d.correlation_id
FROM deadlines AS d
WHERE d.parts > 0 AND d.due_at <= %(until)s AND d.kind = ANY(%(kinds)s::text[])
  AND d.reference <> ALL(%(settled)s::text[])
  AND NOT EXISTS (SELECT FROM refused_consequences AS r
                  WHERE r.source = 'deadline:' || d.kind AND r.reference = d.reference)
ORDER BY d.due_at, d.kind, d.id LIMIT %(limit)s;
