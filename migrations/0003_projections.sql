-- How far each build of each read model has got, who is folding it, and what it could not fold.
-- Nothing here is history: a build's tables, its row here and what is parked can be deleted
-- together and folded again from the log.
-- A build is one set of a read model's tables, `<table>_v<version>`. Several stand side by side
-- while one is being made anew: queries see the live one. `shape` is the version of the code whose
-- rows a build holds; only such code folds it.
-- `position` and the rows of the read model are written in one transaction. `revision` counts
-- those transactions: whoever read the rows under one revision may write them only while it
-- still stands, so that a projector that was asleep cannot write over its successor.
CREATE TABLE projection_positions (
    name text NOT NULL,
    version integer NOT NULL,
    shape integer NOT NULL,
    -- The names of its tables without the version: what has to be known of a build whose code is
    -- gone, to compare it or to drop it.
    tables text[] NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    -- A retired build is followed by nobody; it can be brought up to date and go live again. Of
    -- those that were dropped the last is remembered, so that no number comes twice: somebody may
    -- still have rows of it at hand, or statements prepared.
    state text NOT NULL CHECK (state IN ('building', 'live', 'retired', 'dropped')),
    state_since timestamptz NOT NULL,
    -- All but the primary keys: made last, when the rows are there.
    indexed boolean NOT NULL,
    -- The lease spares several workers the same work; it is the revision that keeps them apart.
    lease_owner text,
    lease_until timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

CREATE UNIQUE INDEX projection_positions_live ON projection_positions (name) WHERE state = 'live';

-- A stream whose event a read model could not fold: its later events are left out, in order,
-- until a retry folds all of them. Other streams go on.
CREATE TABLE parked_streams (
    name text NOT NULL,
    version integer NOT NULL,
    stream text COLLATE "C" NOT NULL,
    first_position bigint NOT NULL,
    -- Events left out so far, the first one included.
    events bigint NOT NULL DEFAULT 1,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    PRIMARY KEY (name, version, stream),
    FOREIGN KEY (name, version) REFERENCES projection_positions ON DELETE CASCADE
);
