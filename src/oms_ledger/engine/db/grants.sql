-- Whether the rights in the database are those of migrations/post-apply.sql; engine/db/grants.py.

-- name: fingerprint
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

-- name: record
-- On the table that says which migrations were applied; it is in every dump.
COMMENT ON TABLE _yoyo_migration IS {};

-- name: recorded
SELECT obj_description(to_regclass('_yoyo_migration'), 'pg_class');

-- name: builds_differ
-- Whether there is a build whose tables and views are not the owner's, or on which a role of the
-- ledger has other rights than those of engine/rebuild/builds.py and migrations/post-apply.sql.
WITH decided (relation, rights) AS (
    SELECT to_regclass(format('%I', d.name)), d.rights
    FROM projection_positions AS p CROSS JOIN unnest(p.tables) AS b (name),
    LATERAL (VALUES
        (b.name || '_v' || p.version,
         ARRAY['projector INSERT', 'projector SELECT', 'projector UPDATE', 'reader SELECT']),
        (b.name, ARRAY['reader SELECT'])
    ) AS d (name, rights)
    WHERE p.state <> 'dropped'
), roles (oid, role) AS (
    SELECT r.oid, known.role
    FROM unnest(ARRAY['writer', 'projector', 'sealer', 'reader', 'custodian', 'auditor'])
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
