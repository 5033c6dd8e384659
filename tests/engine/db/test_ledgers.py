"""Ledgers of one database, and logins: the roles of one reach nothing of another, and a login that
serves cannot become more than it was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from oms_ledger.app import prepare
from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import SERVING, Role
from oms_ledger.settings import Settings
from tests import templates
from tests.databases import Database, temporary_database

ONE, TWO = "one", "two"

ROLES = [role for role in Role if role is not Role.OWNER]


def two_ledgers(url: str) -> None:
    """Two ledgers in a database, something in each."""
    for name in (ONE, TWO):
        prepare(url, Settings(database_url=url, ledger=name))
        with pool.connect(url, f"oms_{name}", role=Role.WRITER) as writer:
            writer.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', 'own', 1)")


@pytest.fixture
def both(server: str) -> Iterator[str]:
    """A database with two ledgers, copied from one that is made once."""
    template = templates.made(server, "two_ledgers", None, two_ledgers)
    with temporary_database(server, template) as url:
        yield url


def relations(url: str, schema: str) -> list[str]:
    with psycopg.connect(url) as connection:
        result = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace"
            " AND relkind IN ('r', 'v')",
            (schema,),
        ).fetchall()
    return [str(name) for (name,) in result]


def attempts(schema: str, table: str) -> Iterator[sql.Composed]:
    where = sql.Identifier(schema, table)
    for verb in ("SELECT * FROM {}", "INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"):
        yield sql.SQL(verb).format(where)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_of_one_ledger_reaches_nothing_of_another(both: str, role: Role) -> None:
    there = relations(both, f"oms_{TWO}")
    assert len(there) > 20
    with pool.connect(both, f"oms_{ONE}", role=role) as connection:
        for table in there:
            for attempt in attempts(f"oms_{TWO}", table):
                with pytest.raises(InsufficientPrivilege, match="permission denied for schema"):
                    connection.execute(attempt)
    with pool.connect(both, f"oms_{TWO}", role=Role.READER) as connection:
        assert connection.execute("SELECT * FROM ledger_events").rowcount == 1


@contextmanager
def login(database: str, schema: str, *roles: Role) -> Iterator[str]:
    """The URL of a login of its own that may act as these roles and has nothing else."""
    if "//postgres@" not in database:
        pytest.skip("logs in as somebody else, which needs a server that trusts everybody")
    name = f"login_{urlsplit(database).path[-12:]}"
    with psycopg.connect(database, autocommit=True) as administrator:
        administrator.execute(f"CREATE ROLE {name} LOGIN NOINHERIT")
        try:
            for role in roles:
                administrator.execute(f"GRANT {role.of(schema)} TO {name}")
            yield database.replace("//postgres@", f"//{name}@", 1)
        finally:
            administrator.execute(f"DROP ROLE {name}")


def cannot_become(connection: Connection, *names: str) -> None:
    for name in names:
        with pytest.raises(InsufficientPrivilege, match="permission denied to set role"):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(name)))


def test_a_login_that_serves_cannot_become_the_owner(both: str) -> None:
    """Nor anybody of another ledger; and before it acts as anybody it can do nothing."""
    schema = f"oms_{ONE}"
    with login(both, schema, *SERVING) as url:
        others = [role.of(f"oms_{TWO}") for role in Role]
        more = [role.of(schema) for role in Role if role not in SERVING]
        no_role = pool.connect(url, schema, role=None)
        with no_role as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(f"SELECT * FROM {schema}.ledger_events")
        for role in SERVING:
            with pool.connect(url, schema, role=role) as connection:
                cannot_become(connection, *more, *others, "postgres")
                connection.execute("RESET ROLE")
                cannot_become(connection, *more, *others, "postgres")
        for role in (Role.OWNER, Role.CUSTODIAN, Role.AUDITOR):
            with pytest.raises(Refused, match=f"may not act as {role.of(schema)}"):
                pool.connect(url, schema, role=role)
        with pytest.raises(Refused, match="may not act as oms_two_reader"):
            pool.connect(url, f"oms_{TWO}")


@pytest.mark.parametrize(
    "act",
    [
        "ALTER TABLE ledger_events DISABLE TRIGGER USER",
        "ALTER TABLE ledger_events ENABLE ALWAYS TRIGGER ledger_events_append_only",
        "DROP TRIGGER ledger_events_append_only ON ledger_events",
        "CREATE TRIGGER mine BEFORE INSERT ON ledger_events EXECUTE FUNCTION refuse_change()",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "TRUNCATE ledger_events",
        "TRUNCATE personal_access CASCADE",
        "GRANT ALL ON ledger_events TO PUBLIC",
        "ALTER TABLE ledger_events OWNER TO CURRENT_USER",
        "COPY ledger_events TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_a_login_that_serves_leaves_triggers_and_grants_alone(both: str, act: str) -> None:
    schema = f"oms_{ONE}"
    with login(both, schema, *SERVING) as url:
        for role in SERVING:
            with pool.connect(url, schema, role=role) as connection:
                before = grants(both, schema)
                try:
                    connection.execute(act.encode())
                except psycopg.Error:
                    pass
                else:
                    # A GRANT of what one has not is a warning, and grants nothing.
                    assert act.startswith("GRANT"), f"{role} may {act}"
                assert grants(both, schema) == before


def grants(url: str, schema: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT relname, relowner, relacl::text FROM pg_class"
            " WHERE relnamespace = %s::regnamespace ORDER BY 1",
            (schema,),
        ).fetchall()


def test_an_auditor_reads_the_evidence_and_no_secret(postgres: Database) -> None:
    with (
        login(postgres.url, postgres.schema, Role.AUDITOR) as url,
        pool.connect(url, postgres.schema, role=Role.AUDITOR) as auditor,
    ):
        for table in ("ledger_events", "receipts", "merkle_checkpoints", "personal_access"):
            auditor.execute(f"SELECT * FROM {table}".encode())
        auditor.execute("SELECT name, role, revoked_at FROM api_keys")
        for secret in ("SELECT hash FROM api_keys", "SELECT key_id FROM subject_keys"):
            with pytest.raises(InsufficientPrivilege):
                auditor.execute(secret.encode())
