-- name: first_events
SELECT originator_id, topic, state FROM ledger_events
WHERE originator_id = ANY(%(streams)s::text[]) AND originator_version = 1;

-- name: newest_events
SELECT e.originator_id, e.topic, e.state FROM unnest(%(streams)s::text[]) AS want (id)
CROSS JOIN LATERAL (
    SELECT originator_id, topic, state FROM ledger_events
    WHERE originator_id = want.id ORDER BY originator_version DESC LIMIT 1) AS e;

-- name: edits
SELECT topic, state FROM ledger_events
WHERE originator_id = ANY(%(streams)s::text[]) AND topic = ANY(%(topics)s::text[]);
