-- The ledger's time never runs backwards, so that a clock that was ahead once stamps all later events
-- with its time. A person may set the ledger's time back: events after `position` have the true time
-- again. The stamps of the events before stay as they are.
CREATE TABLE clock_corrections (
    position bigint PRIMARY KEY,
    -- The ledger's time before and after.
    was timestamptz NOT NULL,
    corrected_at timestamptz NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    CHECK (corrected_at < was)
);

CREATE TRIGGER clock_corrections_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON clock_corrections
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
