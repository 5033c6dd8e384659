-- The channels that a key is bound to, in lower case: with it only their orders are placed, seen and
-- changed. Null where it is bound to none. The record of changes has them too.
ALTER TABLE api_keys ADD COLUMN channels text[] CHECK (cardinality(channels) > 0);

ALTER TABLE api_key_changes ADD COLUMN channels text[];

DO $$
BEGIN
    EXECUTE format($function$
        CREATE OR REPLACE FUNCTION record_api_key_change() RETURNS trigger
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
                (at, change, actor, login, key_id, name, role, scopes, expires_at, holder,
                 channels)
            VALUES (clock_timestamp(), change,
                coalesce(nullif(current_setting('oms_ledger.actor', true), ''),
                         'database:' || session_user),
                session_user, changed.id, changed.name, changed.role, changed.scopes,
                changed.expires_at, changed.holder, changed.channels);
            RETURN NULL;
        END
        $body$ $function$, current_schema);
END
$$;
