"""The roles of a ledger in its database, so that each connection can do its job and nothing else.

Roles belong to the server and have no login of their own: whoever logs in acts as one of them. They
are made by `oms-ledger migrate`; what each may do is in migrations/post-apply.sql, and as a table
in docs/operations.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from psycopg import errors, sql

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db.connection import Connection


class Role(StrEnum):
    OWNER = "owner"
    """Has all tables: migrates, and makes, swaps and drops those of read models."""
    WRITER = "writer"
    """Appends to the log, and keeps what submitting a command needs."""
    PROJECTOR = "projector"
    """Folds the log into read models."""
    SEALER = "sealer"
    """Makes the Merkle tree grow, and notes what a verification found."""
    READER = "reader"
    """Answers queries, and records who was shown whose personal data."""
    CUSTODIAN = "custodian"
    """Makes, rotates and revokes API keys, and has the keys of persons wrapped anew."""
    AUDITOR = "auditor"
    """Reads the evidence: for somebody from outside."""

    def of(self, schema: str) -> str:
        """What it is called on the server."""
        return f"{schema}_{self.value}"


SERVING = (Role.WRITER, Role.PROJECTOR, Role.SEALER, Role.READER)
"""All that API and worker processes ever act as."""

# From PostgreSQL 16 on one may be a member who must not act as the role.
MAY_ACT = """
CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END"""

THERE = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"

ACTS_AS = f"""
SELECT rolname FROM pg_roles
WHERE rolname = ANY(%s) AND pg_has_role(session_user, oid, {MAY_ACT})"""

# Sequences and types follow their tables.
STRAYS = """
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
       c.oid::regclass::text
FROM pg_class AS c
WHERE c.relnamespace = %(schema)s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND c.relowner <> %(owner)s::regrole
UNION ALL
SELECT 'FUNCTION', p.oid::regprocedure::text
FROM pg_proc AS p
WHERE p.pronamespace = %(schema)s::regnamespace AND p.proowner <> %(owner)s::regrole"""

SET_ROLE = "SELECT set_config('role', %s, false)"

SCHEMA_OWNER = "SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = %s"


def acts_as(connection: Connection, schema: str, roles: Iterable[Role]) -> set[Role]:
    """Those of the roles that whoever logged in may act as."""
    wanted = {role.of(schema): role for role in roles}
    return {wanted[name] for (name,) in connection.execute(ACTS_AS, (list(wanted),)).fetchall()}


def refusal(login: str, schema: str, roles: Iterable[Role]) -> Refused:
    """Why a login cannot act as these roles, and what to do about it."""
    names = ", ".join(role.of(schema) for role in roles)
    return Refused(
        f"The login {login} may not act as {names}. Where the ledger is new or was upgraded, run"
        " `oms-ledger migrate` as its owner (OMS_OWNER_URL). Otherwise let its owner or an"
        f" administrator of the database run: GRANT {names} TO {login};",
        code="database_role_missing",
    )


def require(connection: Connection, schema: str, roles: Iterable[Role]) -> None:
    """`Refused` where whoever logged in may not act as all of them."""
    wanted = list(roles)
    may = acts_as(connection, schema, wanted)
    if missing := [role for role in wanted if role not in may]:
        raise refusal(login_of(connection), schema, missing)


def login_of(connection: Connection) -> str:
    """Who logged in, whatever role the session acts as."""
    row = connection.execute("SELECT session_user::text").fetchone()
    assert row is not None, "a SELECT without FROM has one row"
    return str(row[0])


# Making them, as whoever migrates.


def create(connection: Connection, schema: str) -> None:
    """Make the roles that are missing, and let whoever logged in act as them. `Refused`, with what
    an administrator can do about it, where they must not."""
    for name in _missing(connection, schema):
        _attempt(connection, sql.SQL("CREATE ROLE {} NOLOGIN"), sql.Identifier(name))
    if missing := _missing(connection, schema):
        raise _cannot_create(login_of(connection), schema, missing)
    for role in set(Role) - acts_as(connection, schema, Role):
        _attempt(connection, sql.SQL("GRANT {} TO CURRENT_USER"), sql.Identifier(role.of(schema)))
    require(connection, schema, [Role.OWNER])


def _missing(connection: Connection, schema: str) -> list[str]:
    every = [role.of(schema) for role in Role]
    there = {name for (name,) in connection.execute(THERE, (every,)).fetchall()}
    return [name for name in every if name not in there]


def _attempt(connection: Connection, statement: sql.SQL, role: sql.Identifier) -> None:
    """Somebody may be doing the same in another database of the server, or have done it before."""
    try:
        connection.execute(statement.format(role))
    except (
        errors.InsufficientPrivilege,
        errors.DuplicateObject,
        errors.UniqueViolation,
        errors.InternalError_,
    ):
        return  # the caller looks what there is


def _cannot_create(login: str, schema: str, missing: Iterable[str]) -> Refused:
    made = " ".join(f"CREATE ROLE {name} NOLOGIN;" for name in missing)
    given = ", ".join(role.of(schema) for role in Role)
    return Refused(
        f"The login {login} may not create the roles of the ledger, in which the program acts"
        " instead of as the owner. Where it only serves, run `oms-ledger migrate` as the owner"
        " (OMS_OWNER_URL) first. Otherwise let an administrator of the database run, once:"
        f" {made} GRANT {given} TO {login};",
        code="database_role_missing",
    )


def take_possession(connection: Connection, schema: str) -> None:
    """Make the schema, and give all that is in it to its owner: a restored dump, or an earlier
    program, may have left it with whoever logged in."""
    owner = Role.OWNER.of(schema)
    name, to = sql.Identifier(schema), sql.Identifier(owner)
    found = connection.execute(SCHEMA_OWNER, (schema,)).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(name, to))
        return
    if found[0] != owner:
        connection.execute(sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(name, to))
    places = {"schema": sql.Identifier(schema).as_string(), "owner": to.as_string()}
    for kind, what in connection.execute(STRAYS, places).fetchall():
        # Quoted by the server, where it needs to be.
        change = sql.SQL("ALTER {} {} OWNER TO {}").format(sql.SQL(kind), sql.SQL(what), to)
        connection.execute(change)


def drop_former(connection: Connection, schema: str) -> None:
    """The one role that there was before: nobody acts as it any more. Where another database has
    something of it, or whoever logged in may not drop it, it stays, with no rights here."""
    former = f"{schema}_app"
    if connection.execute(THERE, ([former],)).fetchone() is None:
        return
    for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
        try:
            connection.execute(sql.SQL(statement).format(sql.Identifier(former)))
        except (errors.InsufficientPrivilege, errors.DependentObjectsStillExist):
            return
