-- name: receipts
SELECT scope, key, outcome FROM receipts WHERE (scope, key) > (%s, %s)
ORDER BY scope, key LIMIT %s;

-- name: keep_report
INSERT INTO verifications (verified_at, ok, report) VALUES (clock_timestamp(), %s, %s::jsonb);

-- name: newest_report
SELECT report::text FROM verifications ORDER BY number DESC LIMIT 1;
