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
-- not act as it.
SELECT set_config('search_path', %(schema)s, false),
       set_config('TimeZone', 'UTC', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('lock_timeout', %(lock)s, false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false),
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
