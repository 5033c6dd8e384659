-- How the jobs that run beside the API are doing, for other processes to see: one row for each
-- loop of the workers, written by the worker that runs it. Nothing here is history; a row that is
-- deleted is written again.
CREATE TABLE work (
    name text PRIMARY KEY,
    -- The process that wrote last: host, process id, and a part that is drawn.
    holder text NOT NULL,
    last_success timestamptz,
    -- The newest error, kept after the job has recovered. It names the kind of error, or is a
    -- sentence of the program's own, and holds no personal data.
    last_error text,
    last_error_at timestamptz,
    -- Failures in a row, over all processes that run the loop.
    failures bigint NOT NULL CHECK (failures >= 0),
    failing_since timestamptz,
    -- While it fails: when the process that wrote last tries again.
    next_try timestamptz,
    updated_at timestamptz NOT NULL,
    CHECK ((failures > 0) = (failing_since IS NOT NULL))
) WITH (fillfactor = 50);
