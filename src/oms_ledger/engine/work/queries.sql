-- name: try_lock
-- The lock of a job, held by the session until it is unlocked or the session ends. The number is
-- made of the ledger's schema and the job's name.
SELECT pg_try_advisory_lock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0));

-- name: unlock
SELECT pg_advisory_unlock(
    hashtextextended(concat_ws(' ', 'oms-ledger', current_schema, %s::text), 0));

-- name: prune_receipts
-- Receipts by age. The index on recorded_at finds a page of the oldest without a scan. The commands of
-- a policy for events that its cursor has not passed may be submitted again: their receipts stay. Their
-- keys begin with the position of the event and a slash.
DELETE FROM receipts WHERE (scope, key) IN (
    SELECT scope, key FROM receipts AS r
    WHERE recorded_at < %s AND NOT EXISTS (
        SELECT FROM policy_cursors AS c
        WHERE r.scope = 'policy:' || c.name
          AND CASE WHEN r.key ~ '^[0-9]+/' THEN split_part(r.key, '/', 1)::bigint > c.position END)
    ORDER BY recorded_at LIMIT %s);

-- name: prune_refusals
-- Receipts of refusals by age. The condition is that of the index receipts_refused.
DELETE FROM receipts WHERE (scope, key) IN (
    SELECT scope, key FROM receipts
    WHERE position(',"refusal":'::bytea IN substring(outcome FROM 1 FOR 45)) > 0
      AND recorded_at < %s ORDER BY recorded_at LIMIT %s);

-- name: listen
LISTEN {channel};

-- name: commit_without_waiting
SELECT set_config('synchronous_commit', 'off', false);

-- name: install_cursors
-- A new policy begins at the head.
INSERT INTO policy_cursors (name, position, installed_at, updated_at)
SELECT name, head.position, clock_timestamp(), clock_timestamp()
FROM unnest(%s::text[]) AS name CROSS JOIN ledger_head AS head
ON CONFLICT DO NOTHING;

-- name: cursor_names
SELECT name FROM policy_cursors;

-- name: acquire_cursors
-- A lease is acquired where it is free, one's own, or has expired.
UPDATE policy_cursors
SET lease_owner = %(owner)s,
    lease_until = clock_timestamp() + make_interval(secs => %(seconds)s)
WHERE name = ANY(%(names)s)
  AND (lease_owner IS NULL OR lease_owner = %(owner)s OR lease_until < clock_timestamp())
RETURNING name, position;

-- name: release_cursors
UPDATE policy_cursors SET lease_owner = NULL, lease_until = NULL WHERE lease_owner = %s;

-- name: move_cursors
-- Compare-and-set: moves no cursor that another worker has moved since it was read.
UPDATE policy_cursors SET position = %(until)s, updated_at = clock_timestamp()
WHERE name = ANY(%(names)s) AND position = %(after)s AND position < %(until)s
RETURNING name;

-- name: list_cursors
SELECT c.name, c.position, head.position - c.position, c.updated_at
FROM policy_cursors AS c CROSS JOIN ledger_head AS head ORDER BY c.name;

-- name: record_submitted
INSERT INTO submitted_deadlines (kind, reference, submitted_at)
SELECT d.kind, d.reference, clock_timestamp()
FROM unnest(%s::text[], %s::text[]) AS d (kind, reference)
ON CONFLICT DO NOTHING;

-- name: prune_submitted
DELETE FROM submitted_deadlines WHERE submitted_at < clock_timestamp() - make_interval(days => %s);

-- name: record_refusal
INSERT INTO refused_consequences (source, reference, position, stream, command, code, refused_at)
VALUES (%(source)s, %(reference)s, %(position)s, %(stream)s, %(command)s, %(code)s,
        clock_timestamp())
ON CONFLICT DO NOTHING;

-- name: list_refusals
SELECT source, reference, position, stream, command, code, attempts, refused_at
FROM refused_consequences ORDER BY refused_at, source, reference;

-- name: refusal
SELECT source, reference, position, stream, command, code, attempts, refused_at
FROM refused_consequences WHERE source = %s AND reference = %s;

-- name: refused_again
UPDATE refused_consequences
SET attempts = attempts + 1, code = %(code)s, refused_at = clock_timestamp()
WHERE source = %(source)s AND reference = %(reference)s AND attempts = %(attempts)s;

-- name: delete_refusal
DELETE FROM refused_consequences WHERE source = %s AND reference = %s;

-- name: count_refusals
SELECT source, count(*) FROM refused_consequences GROUP BY source ORDER BY source;

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

-- name: enqueue_job
INSERT INTO jobs (job_id, effect, connection, position, stream, correlation_id, due_at, created_at,
                  updated_at)
VALUES (%(job_id)s, %(effect)s, %(connection)s, %(position)s, %(stream)s, %(correlation_id)s,
        clock_timestamp(), clock_timestamp(), clock_timestamp())
ON CONFLICT DO NOTHING;

-- name: lease_jobs
-- Due jobs, the oldest first, of connections that are neither paused nor asked for a pause by their vendor.
-- A running one is due when its lease expires: whoever had it may have called the vendor.
WITH due AS (
    SELECT job_id FROM jobs AS j
    WHERE state IN ('waiting', 'running') AND due_at <= clock_timestamp()
      AND effect = ANY(%(effects)s) AND connection <> ALL(%(paused)s::text[])
      AND NOT EXISTS (SELECT FROM connection_health AS h
                      WHERE h.connection = j.connection AND h.blocked_until > clock_timestamp())
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE jobs AS j
SET uncertain = j.uncertain OR j.state = 'running', state = 'running', attempts = j.attempts + 1,
    lease_owner = %(owner)s, updated_at = clock_timestamp(),
    due_at = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
FROM due WHERE j.job_id = due.job_id
RETURNING j.job_id, j.effect, j.connection, j.position, j.stream, j.correlation_id, j.attempts,
          j.uncertain;

-- name: end_job
-- By the try that has the lease, and no other: one that was overtaken changes nothing.
UPDATE jobs
SET state = %(state)s, code = %(code)s, uncertain = %(uncertain)s, lease_owner = NULL,
    due_at = clock_timestamp() + make_interval(secs => %(seconds)s), updated_at = clock_timestamp()
WHERE job_id = %(job_id)s AND state = 'running' AND lease_owner = %(owner)s
  AND attempts = %(attempts)s;

-- name: retry_job
-- What became of it before is not known any more: it is looked up first. Its tries are counted on: their
-- numbers are in the keys of what they report, and an earlier key would be answered as it was then.
UPDATE jobs SET state = 'waiting', uncertain = true, due_at = clock_timestamp(),
    updated_at = clock_timestamp()
WHERE job_id = %s AND state IN ('waiting', 'dead', 'cancelled')
RETURNING state;

-- name: cancel_job
UPDATE jobs SET state = 'cancelled', updated_at = clock_timestamp()
WHERE job_id = %s AND state IN ('waiting', 'dead')
RETURNING state;

-- name: job
SELECT job_id, effect, connection, position, stream, state, attempts, uncertain, due_at, code, created_at,
       updated_at
FROM jobs WHERE job_id = %s;

-- name: list_jobs
SELECT job_id, effect, connection, position, stream, state, attempts, uncertain, due_at, code, created_at,
       updated_at
FROM jobs
WHERE (%(connection)s::text IS NULL OR connection = %(connection)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(before)s::timestamptz IS NULL OR (created_at, job_id) < (%(before)s, %(before_id)s::text))
ORDER BY created_at DESC, job_id DESC LIMIT %(limit)s;

-- name: count_jobs
-- One part for each partial index, so that those that have ended are not read.
SELECT connection, state, count(*),
       extract(epoch FROM clock_timestamp() - min(created_at))::float8
FROM jobs WHERE state IN ('waiting', 'running') GROUP BY 1, 2
UNION ALL
SELECT connection, state, count(*),
       extract(epoch FROM clock_timestamp() - min(created_at))::float8
FROM jobs WHERE state = 'dead' GROUP BY 1, 2;

-- name: prune_jobs
DELETE FROM jobs WHERE job_id IN (
    SELECT job_id FROM jobs WHERE state IN ('done', 'cancelled')
      AND updated_at < clock_timestamp() - make_interval(days => %(days)s)
    ORDER BY updated_at LIMIT %(limit)s);
