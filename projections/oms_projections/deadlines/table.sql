CREATE TABLE deadlines{v} (
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    reference text COLLATE "C" NOT NULL,
    parts bigint NOT NULL,
    ended boolean NOT NULL,
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    correlation_id text NOT NULL,
    covered boolean NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 70);

-- The open ones in the order in which they are due.
CREATE INDEX deadlines{v}_due ON deadlines{v} (due_at, kind, id) 
WHERE parts > 0 AND NOT ended AND NOT covered;
