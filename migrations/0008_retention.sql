-- The record of who was shown whose personal data is kept for a period, like all else that is
-- personal, and then shortened from its far end. Nobody who writes to it may delete from it: this
-- function does, as its owner, and leaves the last 90 days alone whoever asks (a day less, since
-- clocks differ).
DO $$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION prune_accesses(before timestamptz, at_most bigint) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
        DECLARE
            gone bigint;
        BEGIN
            IF before > clock_timestamp() - interval '89 days' THEN
                RAISE EXCEPTION 'the record of accesses is kept for at least 90 days'
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
            PERFORM set_config('oms_ledger.pruning', 'accesses', true);
            DELETE FROM personal_access WHERE number IN (
                SELECT a.number FROM personal_access AS a WHERE a.at < before
                ORDER BY a.number LIMIT at_most);
            GET DIAGNOSTICS gone = ROW_COUNT;
            PERFORM set_config('oms_ledger.pruning', '', true);
            RETURN gone;
        END
        $body$ $function$, current_schema);
END
$$;

REVOKE ALL ON FUNCTION prune_accesses(timestamptz, bigint) FROM PUBLIC;

DROP TRIGGER personal_access_append_only ON personal_access;

CREATE TRIGGER personal_access_append_only
    BEFORE UPDATE OR TRUNCATE ON personal_access
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER personal_access_kept
    BEFORE DELETE ON personal_access
    FOR EACH STATEMENT
    WHEN (current_setting('oms_ledger.pruning', true) IS DISTINCT FROM 'accesses')
    EXECUTE FUNCTION refuse_change();
