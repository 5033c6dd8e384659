-- Who may do what; runs after every migrate, so that a restored dump or a new server gets its
-- grants again. The ledger's application role, <schema>_app, may append to the log and read it,
-- and do nothing else to it; read models it may change as it likes. Roles belong to the whole
-- server, hence "already there" is no error; an owner who may not create roles goes on without
-- (the triggers still refuse), and the program says so.
DO $$
DECLARE
    app text := current_schema || '_app';
    owned text := quote_ident(current_schema);
    -- From 16 on one may be a member who must not act as the role.
    may_act text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = app) THEN
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', app);
        EXCEPTION
            WHEN insufficient_privilege THEN RETURN;
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(app, may_act) THEN
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', app);
        EXCEPTION
            WHEN insufficient_privilege THEN RETURN;
            WHEN unique_violation OR internal_error THEN NULL;
        END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %s TO %I', owned, app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %s TO %I', owned, app);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %s'
        ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', owned, app);
    EXECUTE format('REVOKE UPDATE, DELETE ON ledger_events FROM %I', app);
    EXECUTE format('REVOKE INSERT, DELETE ON ledger_head FROM %I', app);
    EXECUTE format('REVOKE UPDATE ON receipts FROM %I', app);
    EXECUTE format('REVOKE DELETE ON merkle_tiles FROM %I', app);
    EXECUTE format('REVOKE INSERT, DELETE ON merkle_tree FROM %I', app);
    EXECUTE format('REVOKE UPDATE, DELETE ON merkle_checkpoints, merkle_keys, verifications FROM %I', app);
    EXECUTE format('REVOKE DELETE ON subject_keys FROM %I', app);
    EXECUTE format('REVOKE UPDATE, DELETE ON personal_access FROM %I', app);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON _yoyo_migration, _yoyo_log, _yoyo_version FROM %I', app);
END
$$;
