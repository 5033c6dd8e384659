-- What follows from events without a person: how far each policy has read the log, and the commands
-- of policies and deadlines that were refused.
-- A cursor begins at the head when its policy is first installed, so that a new policy does not react
-- to the past. It is never reset: the commands of the events before it are in the log. Each of them
-- has a receipt, so that it happens once even where the worker ended before the cursor was moved.
CREATE TABLE policy_cursors (
    name text PRIMARY KEY,
    -- The policy has submitted what follows from every event up to here.
    position bigint NOT NULL CHECK (position >= 0),
    -- The lease spares several workers the same work.
    lease_owner text,
    lease_until timestamptz,
    installed_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Commands that followed from an event or a deadline and were refused: a person decides what is to be
-- done. A row is deleted once a retry succeeds, or a person has done it in another way.
CREATE TABLE refused_consequences (
    -- The actor of the command and the scope of its receipt: `policy:<name>` or `deadline:<kind>`.
    source text NOT NULL,
    -- The key of its receipt without the attempt.
    reference text COLLATE "C" NOT NULL,
    -- The event that it follows from.
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    -- The name of the command; null where the policy itself failed.
    command text,
    -- The code of the refusal, or the class of another error. It holds no personal data.
    code text NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    refused_at timestamptz NOT NULL,
    PRIMARY KEY (source, reference)
);
