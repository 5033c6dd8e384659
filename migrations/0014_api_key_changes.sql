-- Who made, rotated and revoked which API key, and when. A trigger writes it with the change, so that
-- no way to the table api_keys leaves it out, and the role that changes keys can neither write nor
-- change the record. No part of a key is in it. Keys of before are not in it.
CREATE TABLE api_key_changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- created; rotated (made in the place of another); expiry_changed, as of the key that was
    -- replaced; revoked; altered, in any other way; deleted.
    change text NOT NULL,
    -- Who the program says it was, and the login of the session in the database.
    actor text NOT NULL,
    login text NOT NULL,
    -- The key after the change.
    key_id text NOT NULL,
    name text NOT NULL,
    role text,
    scopes text[] NOT NULL,
    expires_at timestamptz,
    holder text
);

CREATE INDEX api_key_changes_key ON api_key_changes (key_id);

CREATE TRIGGER api_key_changes_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON api_key_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DO $$
BEGIN
    EXECUTE format($function$
        CREATE FUNCTION record_api_key_change() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = %I, pg_temp AS $body$
        DECLARE
            changed api_keys%%ROWTYPE;
            change text;
        BEGIN
            IF TG_OP = 'DELETE' THEN
                changed := OLD;
                change := 'deleted';
            ELSIF TG_OP = 'INSERT' THEN
                changed := NEW;
                change := CASE WHEN NEW.holder IS NULL THEN 'created' ELSE 'rotated' END;
            ELSE
                changed := NEW;
                change := CASE array(SELECT n.key FROM jsonb_each(to_jsonb(NEW)) AS n
                                     WHERE n.value IS DISTINCT FROM to_jsonb(OLD) -> n.key
                                       AND n.key <> 'last_used_at')
                    WHEN '{revoked_at}' THEN
                        CASE WHEN NEW.revoked_at IS NULL THEN 'altered' ELSE 'revoked' END
                    WHEN '{expires_at}' THEN 'expiry_changed'
                    ELSE 'altered'
                END;
            END IF;
            INSERT INTO api_key_changes
                (at, change, actor, login, key_id, name, role, scopes, expires_at, holder)
            VALUES (clock_timestamp(), change,
                coalesce(nullif(current_setting('oms_ledger.actor', true), ''),
                         'database:' || session_user),
                session_user, changed.id, changed.name, changed.role, changed.scopes,
                changed.expires_at, changed.holder);
            RETURN NULL;
        END
        $body$ $function$, current_schema);
END
$$;

REVOKE ALL ON FUNCTION record_api_key_change() FROM PUBLIC;

CREATE TRIGGER api_keys_on_record
    AFTER INSERT OR DELETE ON api_keys
    FOR EACH ROW EXECUTE FUNCTION record_api_key_change();

CREATE TRIGGER api_keys_change_on_record
    AFTER UPDATE ON api_keys
    FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'last_used_at' IS DISTINCT FROM to_jsonb(NEW) - 'last_used_at')
    EXECUTE FUNCTION record_api_key_change();

CREATE TRIGGER api_keys_are_kept
    BEFORE TRUNCATE ON api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
