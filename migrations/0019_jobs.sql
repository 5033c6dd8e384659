-- Calls to vendors that an event asks for. A job is made in the transaction that moves the cursor of its
-- effect, and its id names the event, so that there is one job for each event and effect. It holds no
-- content: the event is in the log.
CREATE TABLE jobs (
    -- `<effect>-<position>`
    job_id text COLLATE "C" PRIMARY KEY,
    effect text NOT NULL,
    connection text COLLATE "C" NOT NULL,
    -- The event that it is done for.
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    correlation_id text NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'running', 'done', 'dead', 'cancelled')),
    -- How often it was begun. Together with the lease's owner it tells one try from another.
    attempts integer NOT NULL DEFAULT 0,
    -- The vendor may have acted on an earlier try: the outcome is looked up before anything is tried again.
    uncertain boolean NOT NULL DEFAULT false,
    -- When it is to be done; while it runs, when its lease expires.
    due_at timestamptz NOT NULL,
    lease_owner text,
    -- The code of the newest failure. It holds no personal data.
    code text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((state = 'running') = (lease_owner IS NOT NULL))
) WITH (fillfactor = 70);

CREATE INDEX jobs_due ON jobs (due_at) WHERE state IN ('waiting', 'running');

CREATE INDEX jobs_dead ON jobs (updated_at) WHERE state = 'dead';

CREATE INDEX jobs_ended ON jobs (updated_at) WHERE state IN ('done', 'cancelled');

CREATE INDEX jobs_created ON jobs (created_at);
