-- The ledger itself: one append-only table of events and one row that is both its lock and its
-- counter. Whoever appends holds the head row until commit, so positions are dense, their order
-- is the order of commits, and a reader never passes a gap. No sequence, no LOCK TABLE, no
-- advisory lock: sequences leave gaps that readers skip, LOCK TABLE queues behind VACUUM.
-- Columns are those of the eventsourcing library, so that its readers work on this table.
CREATE TABLE ledger_events (
    originator_id text COLLATE "C" NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    notification_id bigint NOT NULL,
    PRIMARY KEY (originator_id, originator_version)
);

CREATE UNIQUE INDEX ledger_events_position ON ledger_events (notification_id);

CREATE TABLE ledger_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL,
    -- The newest recorded_at: time in the ledger never runs backwards, whatever clocks do.
    recorded_at timestamptz NOT NULL
);

INSERT INTO ledger_head (position, recorded_at) VALUES (0, '2000-01-01 00:00:00+00');

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER ledger_events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
