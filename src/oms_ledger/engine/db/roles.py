"""The roles of a ledger in its database, so that each connection can do its job and nothing else.

Roles belong to the server and have no login of their own: a login acts as one of them. They are
made by `oms-ledger migrate`; what each may do is in migrations/post-apply.sql, and as a table
in docs/operations.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from psycopg import errors, sql

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)


class Role(StrEnum):
    OWNER = "owner"
    """Owns all tables: migrates, and makes, swaps and drops tables of read models."""
    WRITER = "writer"
    """Appends to the log, with receipts and snapshots, and makes the keys of personal data."""
    PROJECTOR = "projector"
    """Folds the log into read models."""
    SEALER = "sealer"
    """Appends to the Merkle tree, and stores reports of verification."""
    READER = "reader"
    """Answers queries, and records each disclosure of personal data."""
    CONNECTOR = "connector"
    """Calls vendors: reads the secrets of connections, does jobs, takes in vendors' messages."""
    CUSTODIAN = "custodian"
    """Makes, rotates and revokes API keys, and rewraps the keys of personal data."""
    AUDITOR = "auditor"
    """Reads the log and the evidence: for an external auditor."""

    def of(self, schema: str) -> str:
        """The name of the role on the server."""
        return f"{schema}_{self.value}"


SERVING = (Role.WRITER, Role.PROJECTOR, Role.SEALER, Role.READER, Role.CONNECTOR)
"""The roles of API and worker processes."""


def acts_as(connection: Connection, schema: str, roles: Iterable[Role]) -> set[Role]:
    """Those of the roles that the login may act as."""
    wanted = {role.of(schema): role for role in roles}
    rows = connection.execute(SQL["roles_of_login"], {"names": list(wanted)}).fetchall()
    return {wanted[name] for (name,) in rows}


def act_as(connection: Connection, schema: str, role: Role) -> None:
    """Make the session act as a role of the ledger."""
    connection.execute(SQL["set_role"], {"role": role.of(schema)})


def refusal(login: str, schema: str, roles: Iterable[Role]) -> Refused:
    """The error that a login may not act as these roles, with the remedy."""
    names = ", ".join(role.of(schema) for role in roles)
    return Refused(
        f"The login {login} may not act as {names}. Where the ledger is new or was upgraded, run"
        " `oms-ledger migrate` as its owner (OMS_OWNER_URL). Otherwise let its owner or an"
        f" administrator of the database run: GRANT {names} TO {login};",
        code="database_role_missing",
    )


def require(connection: Connection, schema: str, roles: Iterable[Role]) -> None:
    """`Refused` when the login may not act as all of these roles."""
    wanted = list(roles)
    may = acts_as(connection, schema, wanted)
    if missing := [role for role in wanted if role not in may]:
        raise refusal(login_of(connection), schema, missing)


def login_of(connection: Connection) -> str:
    """The login of the session, whatever role it acts as."""
    row = connection.execute(SQL["login"]).fetchone()
    assert row is not None, "session_user has no row"
    return str(row[0])


# For migrating.


def create(connection: Connection, schema: str) -> None:
    """Make the missing roles, and grant all to the login. `Refused`, with the statements for an
    administrator, when the login may not do that."""
    for name in _missing(connection, schema):
        _attempt(connection, SQL["create_role"], name)
    if missing := _missing(connection, schema):
        raise _cannot_create(login_of(connection), schema, missing)
    for role in set(Role) - acts_as(connection, schema, Role):
        _attempt(connection, SQL["grant_role"], role.of(schema))
    require(connection, schema, [Role.OWNER])


def _missing(connection: Connection, schema: str) -> list[str]:
    every = [role.of(schema) for role in Role]
    rows = connection.execute(SQL["existing_roles"], {"names": every}).fetchall()
    existing = {name for (name,) in rows}
    return [name for name in every if name not in existing]


def _attempt(connection: Connection, statement: str, role: str) -> None:
    """Execute a statement on a role, unless it is refused or already done: another database of the
    server may be migrated at the same time."""
    try:
        connection.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
    except (
        errors.InsufficientPrivilege,
        errors.DuplicateObject,
        errors.UniqueViolation,
        errors.InternalError_,
    ):
        return  # the caller checks the result


def _cannot_create(login: str, schema: str, missing: Iterable[str]) -> Refused:
    made = " ".join(f"{SQL['create_role'].format(role=name)};" for name in missing)
    given = ", ".join(role.of(schema) for role in Role)
    return Refused(
        f"The login {login} may not create the roles of the ledger, in which the program acts"
        " instead of as the owner. Where it only serves, run `oms-ledger migrate` as the owner"
        " (OMS_OWNER_URL) first. Otherwise let an administrator of the database run, once:"
        f" {made} GRANT {given} TO {login};",
        code="database_role_missing",
    )


def take_ownership(connection: Connection, schema: str) -> None:
    """Make the schema, and give its objects to the owner: after the restore of a dump, or of an
    earlier version, they may belong to the login."""
    owner = Role.OWNER.of(schema)
    name, to = sql.Identifier(schema), sql.Identifier(owner)
    row = connection.execute(SQL["schema_owner"], {"schema": schema}).fetchone()
    if row is None:
        connection.execute(sql.SQL(SQL["create_schema"]).format(schema=name, owner=to))
        return
    if row[0] != owner:
        connection.execute(sql.SQL(SQL["give_schema"]).format(schema=name, owner=to))
    places = {"schema": sql.Identifier(schema).as_string(), "owner": to.as_string()}
    for kind, what in connection.execute(SQL["objects_of_others"], places).fetchall():
        # Quoted by the server, where it needs to be.
        statement = sql.SQL(SQL["give_object"])
        connection.execute(statement.format(kind=sql.SQL(kind), object=sql.SQL(what), owner=to))


def drop_former_role(connection: Connection, schema: str) -> None:
    """Drop the single role of earlier versions, which is no longer used. When another database has
    objects of it, or the login may not drop it, it stays, without rights in this ledger."""
    former = f"{schema}_app"
    if connection.execute(SQL["existing_roles"], {"names": [former]}).fetchone() is None:
        return
    for statement in (SQL["drop_owned"], SQL["drop_role"]):
        try:
            connection.execute(sql.SQL(statement).format(role=sql.Identifier(former)))
        except (errors.InsufficientPrivilege, errors.DependentObjectsStillExist):
            return
