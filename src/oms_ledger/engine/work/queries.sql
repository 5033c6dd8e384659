-- name: try_lock
-- The lock of a job, held by the session until it is unlocked or the session ends. The number is
-- made of the ledger's schema and the job's name.
SELECT pg_try_advisory_lock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0));

-- name: unlock
SELECT pg_advisory_unlock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0));

-- name: prune_receipts
-- Receipts by age. The index on recorded_at finds a page of the oldest without a scan.
DELETE FROM receipts WHERE (scope, key) IN (
    SELECT scope, key FROM receipts
    WHERE recorded_at < %s ORDER BY recorded_at LIMIT %s);

-- name: prune_refusals
-- Receipts of refusals by age. The condition is that of the index receipts_refused.
DELETE FROM receipts WHERE (scope, key) IN (
    SELECT scope, key FROM receipts
    WHERE position(',"refusal":'::bytea IN substring(outcome FROM 1 FOR 45)) > 0
      AND recorded_at < %s ORDER BY recorded_at LIMIT %s);

-- name: record_work
-- What one loop has done since its last report. Ages and the time to the next try are seconds, so
-- that the clock of the database is the only one. Failures are counted in a row over all processes
-- that run the loop: a success in between, wherever, begins the count anew.
INSERT INTO work AS w (name, holder, last_success, last_error, last_error_at, failures,
                       failing_since, next_try, updated_at)
SELECT %(name)s, %(holder)s,
       clock_timestamp() - make_interval(secs => %(success_age)s),
       %(error)s,
       clock_timestamp() - make_interval(secs => %(error_age)s),
       %(failures)s::bigint,
       CASE WHEN %(failures)s::bigint > 0
           THEN clock_timestamp() - make_interval(secs => %(error_age)s) END,
       clock_timestamp() + make_interval(secs => %(next_try)s),
       clock_timestamp()
ON CONFLICT (name) DO UPDATE SET
    holder = excluded.holder,
    last_success = coalesce(excluded.last_success, w.last_success),
    last_error = coalesce(excluded.last_error, w.last_error),
    last_error_at = coalesce(excluded.last_error_at, w.last_error_at),
    failures = excluded.failures
        + CASE WHEN excluded.last_success IS NULL THEN w.failures ELSE 0 END,
    failing_since = CASE WHEN excluded.last_success IS NULL
        THEN coalesce(w.failing_since, excluded.failing_since) ELSE excluded.failing_since END,
    next_try = excluded.next_try,
    updated_at = excluded.updated_at;

-- name: remove_other_work
DELETE FROM work WHERE name <> ALL(%s::text[]);

-- name: list_work
SELECT name, holder, last_success, last_error, last_error_at, failures, failing_since, next_try,
       extract(epoch FROM clock_timestamp() - last_success)::float8,
       extract(epoch FROM clock_timestamp() - failing_since)::float8
FROM work ORDER BY name;
