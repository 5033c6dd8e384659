-- Who may do what; runs after every migrate, so that a restored dump or a new server gets its
-- grants again. Each of the ledger's roles (engine/db/roles.py) has what its job needs and nothing
-- else; a table that is not in here is the owner's alone. docs/operations.md has the same as a table.
DO $$
DECLARE
    given record;
    made record;
BEGIN
    -- Builds of read models are made and swapped one at a time, and not meanwhile.
    PERFORM pg_advisory_xact_lock(
        hashtextextended('oms-ledger read models ' || current_schema, 0));
    FOR given IN
        SELECT format('%I', current_schema || '_' || role) AS role
        FROM unnest(ARRAY['writer', 'projector', 'sealer', 'reader', 'connector', 'custodian', 'auditor']) AS role
    LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM %s', current_schema, given.role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s', current_schema, given.role);
    END LOOP;

    FOR given IN
        SELECT format('%I', current_schema || '_' || role) AS role, verbs, tables FROM (VALUES
            -- What there is of the ledger, asked before anything else.
            ('writer', 'SELECT', '_yoyo_migration'),
            ('projector', 'SELECT', '_yoyo_migration'),
            ('sealer', 'SELECT', '_yoyo_migration'),
            ('reader', 'SELECT', '_yoyo_migration'),
            ('connector', 'SELECT', '_yoyo_migration'),
            ('custodian', 'SELECT', '_yoyo_migration'),
            ('auditor', 'SELECT', '_yoyo_migration'),

            ('writer', 'SELECT, INSERT', 'ledger_events, receipts, snapshots'),
            -- Receipts are kept for a period; so is the record of accesses, and there even that is
            -- done by a function alone.
            ('writer', 'DELETE', 'receipts'),
            ('writer', 'EXECUTE', 'FUNCTION prune_accesses(timestamptz, bigint)'),
            ('writer', 'SELECT, UPDATE (position, recorded_at)', 'ledger_head'),
            -- Keys of newcomers are stored with the events that need them, and destroyed by a command.
            ('writer', 'SELECT, INSERT, UPDATE (subject, wrapped, kek_id, destroyed_at)', 'subject_keys'),
            ('writer', 'SELECT, INSERT, DELETE', 'subject_index'),
            ('writer', 'SELECT (ledger_id)', 'merkle_tree'),
            -- Receipts of events that a policy has not passed are kept.
            ('writer', 'SELECT (name, position)', 'policy_cursors'),

            ('projector', 'SELECT', 'ledger_events, ledger_head'),
            ('projector', 'SELECT, INSERT, UPDATE (position, revision, updated_at, lease_owner, lease_until)',
             'projection_positions'),
            ('projector', 'SELECT, INSERT, UPDATE, DELETE', 'parked_streams'),
            -- A cursor begins at the head when its policy is installed, and only moves on.
            ('projector', 'SELECT, UPDATE (position, lease_owner, lease_until, updated_at)',
             'policy_cursors'),
            ('projector', 'SELECT, INSERT, UPDATE (attempts, code, refused_at), DELETE',
             'refused_consequences'),
            ('projector', 'SELECT, INSERT, DELETE', 'submitted_deadlines'),
            -- A job is made as the cursor of its effect moves.
            ('projector', 'SELECT (job_id), INSERT', 'jobs'),
            -- Workers note how their loops are doing.
            ('projector', 'SELECT, INSERT, UPDATE, DELETE', 'work'),

            ('sealer', 'SELECT', 'ledger_events, ledger_head, receipts, clock_corrections'),
            ('sealer', 'SELECT, INSERT, UPDATE', 'merkle_tiles'),
            ('sealer', 'SELECT, UPDATE (size, root, lease_owner, lease_until)', 'merkle_tree'),
            ('sealer', 'SELECT, INSERT', 'merkle_checkpoints, merkle_keys, verifications'),

            ('reader', 'SELECT', 'ledger_events, ledger_head, snapshots, clock_corrections'),
            ('reader', 'SELECT', 'projection_positions, parked_streams, work'),
            ('reader', 'SELECT', 'policy_cursors, refused_consequences, submitted_deadlines'),
            ('reader', 'SELECT', 'merkle_tree, merkle_tiles, merkle_checkpoints, merkle_keys'),
            ('reader', 'SELECT', 'verifications, subject_keys, subject_index'),
            ('reader', 'SELECT, INSERT', 'personal_access'),
            ('reader', 'SELECT, UPDATE (last_used_at)', 'api_keys'),
            -- Written by a trigger alone.
            ('reader', 'SELECT', 'api_key_changes'),

            ('reader', 'SELECT', 'jobs, connection_health'),
            -- All but what is sealed.
            ('reader', 'SELECT (connection, names, set_at, set_by)', 'connection_secrets'),
            ('reader', 'SELECT (connection, message_id, received_at, state, attempts, due_at, code, ended_at)',
             'inbox_messages'),

            -- Calls vendors, and takes in what they send: nobody else sees the secrets and the messages.
            ('connector', 'SELECT, INSERT, UPDATE, DELETE', 'connection_secrets, connection_health'),
            ('connector', 'SELECT, INSERT, UPDATE, DELETE', 'inbox_messages'),
            ('connector', 'SELECT, UPDATE (state, attempts, uncertain, due_at, lease_owner, code, updated_at),'
             ' DELETE', 'jobs'),

            ('custodian', 'SELECT, INSERT, UPDATE', 'api_keys'),
            ('custodian', 'SELECT, UPDATE (wrapped, kek_id)', 'subject_keys'),

            ('auditor', 'SELECT', 'ledger_events, ledger_head, receipts, clock_corrections'),
            ('auditor', 'SELECT', 'merkle_tree, merkle_tiles, merkle_checkpoints, merkle_keys'),
            ('auditor', 'SELECT', 'verifications, personal_access, api_key_changes'),
            -- All but the hashes.
            ('auditor', 'SELECT (id, prefix, name, ledger, role, scopes, created_at, expires_at,'
             ' revoked_at, last_used_at, holder, channels)', 'api_keys')
        ) AS decided (role, verbs, tables)
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', given.verbs, given.tables, given.role);
    END LOOP;

    -- Read models, whose tables are made while the program runs: engine/rebuild/builds.py says the same.
    FOR made IN
        SELECT format('%I', b.name || '_v' || p.version) AS build, format('%I', b.name) AS view
        FROM projection_positions AS p CROSS JOIN unnest(p.tables) AS b (name)
        WHERE p.state <> 'dropped'
    LOOP
        FOR given IN
            SELECT format('%I', current_schema || '_' || role) AS role, verbs, tables FROM (VALUES
                ('projector', 'SELECT, INSERT, UPDATE', made.build),
                ('reader', 'SELECT', made.build),
                ('reader', 'SELECT', made.view)
            ) AS decided (role, verbs, tables)
            WHERE to_regclass(tables) IS NOT NULL
        LOOP
            EXECUTE format('GRANT %s ON %s TO %s', given.verbs, given.tables, given.role);
        END LOOP;
    END LOOP;
END
$$;
