"""Every role, every table, every verb: tried, and compared with the table in the docs. A table that
nobody has decided about fails here."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, WrongObjectType

from oms_ledger.app import prepare
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from tests.databases import Database
from tests.engine.db.grants import BUILDS, VIEWS, Allowed, written

OTHERS = [role for role in Role if role is not Role.OWNER]

DENIED = re.compile(r"permission denied for (table|view|function)")

RELATIONS = """
SELECT c.relname, c.relkind FROM pg_class AS c
WHERE c.relnamespace = current_schema::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1"""

FUNCTIONS = """
SELECT p.proname || '()', p.oid::regprocedure::text FROM pg_proc AS p
WHERE p.pronamespace = current_schema::regnamespace AND p.prorettype <> 'trigger'::regtype"""

COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"""

OTHER_RIGHTS = ("REFERENCES", "TRIGGER", "TRUNCATE")


@pytest.fixture
def prepared(postgres: Database) -> Database:
    """A ledger with all of its read models."""
    prepare(postgres.url, postgres.settings)
    return postgres


def row_of(name: str, kind: str) -> str:
    """The row of the page that a table belongs to."""
    if kind == "v":
        return VIEWS
    return BUILDS if re.search(r"_v\d+$", name) else name


def relations(connection: Connection) -> dict[str, str]:
    """Every table and view, and its row of the page."""
    relations = connection.execute(RELATIONS).fetchall()
    return {str(name): row_of(str(name), _letter(kind)) for name, kind in relations}


def _letter(kind: object) -> str:
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def refused(connection: Connection, statement: str, *names: str) -> bool:
    """Whether the role may not even try. That it fails otherwise, or that a trigger says no, is no
    matter of grants."""
    composed = sql.SQL(statement).format(*map(sql.Identifier, names))
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(composed)
    except InsufficientPrivilege as error:
        return DENIED.match(str(error)) is not None
    except WrongObjectType:  # a view has nothing to truncate
        return True
    except psycopg.Error:
        return False
    return False


def tried(connection: Connection, table: str) -> Allowed:
    """What of the verbs a role may do to a table, by doing it."""
    columns = [str(name) for (name,) in connection.execute(COLUMNS, (table,)).fetchall()]
    verbs: Allowed = {}
    for verb, each in (
        ("SELECT", "SELECT {} FROM {} LIMIT 0"),
        ("UPDATE", "UPDATE {1} SET {0} = DEFAULT WHERE false"),
    ):
        may = [not refused(connection, each, column, table) for column in columns]
        if any(may):
            verbs[verb] = "all" if all(may) else "some"
    if not refused(connection, "INSERT INTO {} DEFAULT VALUES", table):
        verbs["INSERT"] = "all"
    if not refused(connection, "DELETE FROM {} WHERE false", table):
        verbs["DELETE"] = "all"
    if not refused(connection, "TRUNCATE {}", table):
        verbs["TRUNCATE"] = "all"
    return verbs


def test_every_table_is_decided_about(prepared: Database) -> None:
    with prepared.connect(Role.OWNER) as owner:
        there = set(relations(owner).values())
        there |= {str(name) for name, _ in owner.execute(FUNCTIONS).fetchall()}
    assert there == {table for table, _ in written()}


@pytest.mark.parametrize("role", OTHERS)
def test_every_verb_on_every_table(prepared: Database, role: Role) -> None:
    page = written()
    with prepared.connect(Role.OWNER) as owner:
        there = relations(owner)
    with prepared.connect(role) as connection:
        for table, row in there.items():
            assert tried(connection, table) == page[row, role], f"{role} on {table}"


@pytest.mark.parametrize("role", OTHERS)
def test_functions_and_what_cannot_be_tried(prepared: Database, role: Role) -> None:
    page = written()
    with prepared.connect(role) as connection:
        for name, signature in connection.execute(FUNCTIONS).fetchall():
            statement = "SELECT has_function_privilege(%s, 'EXECUTE')"
            may = connection.execute(statement, (signature,)).fetchone()
            assert may == ("EXECUTE" in page[str(name), role],), f"{role} on {name}"
        for table in relations(connection):
            for right in OTHER_RIGHTS:
                statement = "SELECT has_table_privilege(%s, %s)"
                assert connection.execute(statement, (table, right)).fetchone() == (False,), table
        made = connection.execute("SELECT has_schema_privilege(current_schema, 'CREATE')")
        assert made.fetchone() == (False,)


def test_no_role_is_more_than_its_grants(prepared: Database) -> None:
    """None can log in, is a superuser or a member of another, or owns anything but the owner."""
    with prepared.connect_owner() as administrator:
        names = [role.of(prepared.schema) for role in Role]
        restricted = administrator.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND NOT (rolcanlogin OR rolsuper"
            " OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)",
            (names,),
        ).fetchall()
        assert {name for (name,) in restricted} == set(names)
        for name in names:
            members = administrator.execute(
                "SELECT 1 FROM pg_auth_members WHERE member = %s::regrole", (name,)
            )
            assert members.fetchall() == [], name
        owners = administrator.execute(
            "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = %s::regnamespace",
            (prepared.schema,),
        ).fetchall()
    assert owners == [(Role.OWNER.of(prepared.schema),)]


def test_a_new_table_without_a_decision_is_noticed(prepared: Database) -> None:
    with prepared.connect(Role.OWNER) as owner:
        owner.execute("CREATE TABLE undecided (one int)")
        there = set(relations(owner).values())
    assert there - {table for table, _ in written()} == {"undecided"}
