-- How far each read model has got, who is folding it, and what it could not fold. Nothing here
-- is history: a read model's tables, its row here and what is parked can be deleted together and
-- folded again from the log.
-- `position` and the rows of the read model are written in one transaction. `revision` counts
-- those transactions: whoever read the rows under one revision may write them only while it
-- still stands, so that a projector that was asleep cannot write over its successor.
CREATE TABLE projection_positions (
    name text NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    state text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- The lease spares several workers the same work; it is the revision that keeps them apart.
    lease_owner text,
    lease_until timestamptz,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
) WITH (fillfactor = 50);

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
