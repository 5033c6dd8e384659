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
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)


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


def acts_as(connection: Connection, schema: str, roles: Iterable[Role]) -> set[Role]:
    """Those of the roles that whoever logged in may act as."""
    wanted = {role.of(schema): role for role in roles}
    rows = connection.execute(SQL["roles_of_login"], {"names": list(wanted)}).fetchall()
    return {wanted[name] for (name,) in rows}


def act_as(connection: Connection, schema: str, role: Role) -> None:
    """Make the session act as a role of the ledger."""
    connection.execute(SQL["set_role"], {"role": role.of(schema)})


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
    row = connection.execute(SQL["login"]).fetchone()
    assert row is not None, "session_user has no row"
    return str(row[0])


# Making them, as whoever migrates.


def create(connection: Connection, schema: str) -> None:
    """Make the roles that are missing, and let whoever logged in act as them. `Refused`, with what
    an administrator can do about it, where they must not."""
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
    """Somebody may be doing the same in another database of the server, or have done it before."""
    try:
        connection.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
    except (
        errors.InsufficientPrivilege,
        errors.DuplicateObject,
        errors.UniqueViolation,
        errors.InternalError_,
    ):
        return  # the caller looks what there is


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


def take_possession(connection: Connection, schema: str) -> None:
    """Make the schema, and give all that is in it to its owner: a restored dump, or an earlier
    program, may have left it with whoever logged in."""
    owner = Role.OWNER.of(schema)
    name, to = sql.Identifier(schema), sql.Identifier(owner)
    found = connection.execute(SQL["schema_owner"], {"schema": schema}).fetchone()
    if found is None:
        connection.execute(sql.SQL(SQL["create_schema"]).format(schema=name, owner=to))
        return
    if found[0] != owner:
        connection.execute(sql.SQL(SQL["give_schema"]).format(schema=name, owner=to))
    places = {"schema": sql.Identifier(schema).as_string(), "owner": to.as_string()}
    for kind, what in connection.execute(SQL["objects_of_others"], places).fetchall():
        # Quoted by the server, where it needs to be.
        statement = sql.SQL(SQL["give_object"])
        connection.execute(statement.format(kind=sql.SQL(kind), object=sql.SQL(what), owner=to))


def drop_former(connection: Connection, schema: str) -> None:
    """The one role that there was before: nobody acts as it any more. Where another database has
    something of it, or whoever logged in may not drop it, it stays, with no rights here."""
    former = f"{schema}_app"
    if connection.execute(SQL["existing_roles"], {"names": [former]}).fetchone() is None:
        return
    for statement in (SQL["drop_owned"], SQL["drop_role"]):
        try:
            connection.execute(sql.SQL(statement).format(role=sql.Identifier(former)))
        except (errors.InsufficientPrivilege, errors.DependentObjectsStillExist):
            return
