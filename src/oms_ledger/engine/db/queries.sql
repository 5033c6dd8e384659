-- name: lock_migrations
-- Migrating takes turns, by an advisory lock that ends with its session.
SELECT pg_advisory_lock(hashtextextended('oms-ledger migrations ' || %(schema)s, 0));

-- name: migrations_table
SELECT 1 FROM pg_tables WHERE schemaname = %(schema)s AND tablename = %(table)s;

-- name: applied_migrations
SELECT migration_id FROM _yoyo_migration;

-- name: set_lock_timeout
SELECT set_config('lock_timeout', %(milliseconds)s, false);

-- name: prepare_session
-- One round trip. A transaction that has waited for the head lock must see what its last holder
-- wrote, hence READ COMMITTED, whatever the server's default is. The role comes last; it is NULL
-- where the login may not act as it. From PostgreSQL 16 on a member of a role may be one that must
-- not act as it. The server drops a client that is silent, on a connection of TCP; and from
-- PostgreSQL 17 on it ends a transaction that is stuck amid a series of statements, where no other
-- timeout runs.
SELECT set_config('search_path', %(schema)s, false),
       set_config('TimeZone', 'UTC', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('lock_timeout', %(lock)s, false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false),
       CASE WHEN current_setting('server_version_num')::int >= 170000
            THEN set_config('transaction_timeout', %(transaction)s, false) END,
       set_config('tcp_user_timeout', %(tcp_user_timeout)s, false),
       set_config('tcp_keepalives_idle', %(keepalives_idle)s, false),
       set_config('tcp_keepalives_interval', %(keepalives_interval)s, false),
       set_config('tcp_keepalives_count', %(keepalives_count)s, false),
       (SELECT set_config('role', rolname, false) FROM pg_roles
        WHERE rolname = %(role)s AND pg_has_role(session_user, oid,
            CASE WHEN current_setting('server_version_num')::int < 160000
                 THEN 'MEMBER' ELSE 'SET' END)) AS role;

-- name: existing_roles
SELECT rolname FROM pg_roles WHERE rolname = ANY(%(names)s);

-- name: roles_of_login
-- The roles that the login may act as; see prepare_session.
SELECT rolname FROM pg_roles
WHERE rolname = ANY(%(names)s) AND pg_has_role(session_user, oid,
    CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END);

-- name: set_role
SELECT set_config('role', %(role)s, false);

-- name: login
SELECT session_user::text;

-- name: schema_owner
SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %(schema)s;

-- name: objects_of_others
-- Tables, views and functions of the schema that its owner does not own; sequences and types
-- follow their tables. Names come quoted where they need to be.
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
       c.oid::regclass::text
FROM pg_class AS c
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND c.relowner <> %(owner)s::regrole
UNION ALL
SELECT 'FUNCTION', p.oid::regprocedure::text
FROM pg_proc AS p
WHERE p.pronamespace = %(schema)s::regnamespace AND p.proowner <> %(owner)s::regrole;

-- The rest takes no parameters but identifiers, which are composed by psycopg.sql.

-- name: create_role
CREATE ROLE {role} NOLOGIN;

-- name: grant_role
GRANT {role} TO CURRENT_USER;

-- name: create_schema
CREATE SCHEMA {schema} AUTHORIZATION {owner};

-- name: give_schema
ALTER SCHEMA {schema} OWNER TO {owner};

-- name: give_object
ALTER {kind} {object} OWNER TO {owner};

-- name: drop_owned
DROP OWNED BY {role};

-- name: drop_role
DROP ROLE {role};

-- name: grants_fingerprint
-- One digest of who owns, and who may do what with, everything in the schema but the builds of read models, which
-- come and go while the program runs.
WITH builds (name) AS (
    SELECT unnest(ARRAY[b.name || '_v' || p.version, b.name])
    FROM projection_positions AS p CROSS JOIN unnest(p.tables) AS b (name)
), rights (line) AS (
    SELECT concat_ws(' ', 'schema', nspowner::regrole, nspacl)
    FROM pg_namespace WHERE nspname = current_schema
    UNION ALL
    SELECT concat_ws(' ', c.relname, c.relowner::regrole, c.relacl, a.attname, a.attacl)
    FROM pg_class AS c
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
    WHERE c.relnamespace = current_schema::regnamespace
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND c.relname::text NOT IN (SELECT name FROM builds)
    UNION ALL
    SELECT concat_ws(' ', oid::regprocedure, proowner::regrole, proacl)
    FROM pg_proc WHERE pronamespace = current_schema::regnamespace
)
SELECT encode(
    sha256(convert_to(string_agg(line, E'\n' ORDER BY line COLLATE "C"), 'UTF8')), 'hex')
FROM rights;

-- name: record_grants
-- On the table that says which migrations were applied; it is in every dump.
COMMENT ON TABLE _yoyo_migration IS {comment};

-- name: recorded_grants
SELECT obj_description(to_regclass('_yoyo_migration'), 'pg_class');

-- name: grants_of_builds_differ
-- Whether there is a build whose tables and views are not the owner's, or on which a role of the
-- ledger has other rights than those of engine/rebuild/builds.py and migrations/post-apply.sql.
WITH decided (relation, rights) AS (
    SELECT to_regclass(quote_ident(d.name)), d.rights
    FROM projection_positions AS p CROSS JOIN unnest(p.tables) AS b (name),
    LATERAL (VALUES
        (b.name || '_v' || p.version,
         ARRAY['projector INSERT', 'projector SELECT', 'projector UPDATE', 'reader SELECT']),
        (b.name, ARRAY['reader SELECT'])
    ) AS d (name, rights)
    WHERE p.state <> 'dropped'
), roles (oid, role) AS (
    SELECT r.oid, known.role
    FROM unnest(ARRAY['writer', 'projector', 'sealer', 'reader', 'connector', 'custodian', 'auditor'])
        AS known (role)
    JOIN pg_roles AS r ON r.rolname = current_schema || '_' || known.role
)
SELECT EXISTS (
    SELECT 1 FROM decided AS d JOIN pg_class AS c ON c.oid = d.relation
    WHERE c.relowner <> (SELECT nspowner FROM pg_namespace WHERE nspname = current_schema)
       OR d.rights IS DISTINCT FROM (
        SELECT array_agg(r.role || ' ' || a.privilege_type
                         ORDER BY r.role COLLATE "C", a.privilege_type COLLATE "C")
        FROM aclexplode(c.relacl) AS a JOIN roles AS r ON r.oid = a.grantee
    )
);
