"""Migrations: once, in order, by one process at a time, whatever crashes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db import migrations, pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
from tests.databases import SCHEMA, Database, ledger_database, temporary_database

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""Roles belong to the server, which all test processes share."""

SERVERS = ["server", pytest.param("postgres15", marks=pytest.mark.long)]

MODEST, LOGIN = f"oms_modest_{WORKER}", f"modest_{WORKER}"

FORMER = f"oms_former_{WORKER}"

MIGRATE = """
import sys
from oms_ledger.engine.db import migrations
print(*migrations.migrate(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    with temporary_database(server) as url:
        yield url


def names() -> list[str]:
    files = migrations.directory().glob("[0-9]*.sql")
    return sorted(path.stem for path in files)


def pending(url: str, schema: str = SCHEMA) -> list[str]:
    with pool.connect(url, schema, role=None) as connection:
        return migrations.pending(connection, schema)


def test_all_are_applied_in_order_and_then_none(empty: str) -> None:
    assert pending(empty) == names()
    assert migrations.migrate(empty, SCHEMA) == names()
    assert pending(empty) == []
    assert migrations.migrate(empty, SCHEMA) == []


def test_pending_changes_nothing(empty: str) -> None:
    pending(empty)
    with psycopg.connect(empty) as connection:
        result = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
        assert result.fetchone() is None


def as_writer(url: str, schema: str) -> Connection:
    return pool.connect(url, schema, role=Role.WRITER)


def test_ledgers_of_one_database_know_nothing_of_each_other(empty: str) -> None:
    migrations.migrate(empty, "oms_one")
    assert pending(empty, "oms_two") == names()
    assert migrations.migrate(empty, "oms_two") == names()
    with as_writer(empty, "oms_one") as one, as_writer(empty, "oms_two") as two:
        one.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', '', 1)")
        assert two.execute("SELECT count(*) FROM ledger_events").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            two.execute("SELECT count(*) FROM oms_one.ledger_events")


def test_several_processes_at_once_apply_each_migration_once(empty: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, empty, SCHEMA], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(outputs) == [[], [], names()]


def with_a_last(folder: Path, statements: str) -> None:
    """The real migrations, and one more."""
    for path in migrations.directory().glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    (folder / "9999_last.sql").write_text(statements)


def test_a_failed_migration_leaves_nothing_and_is_done_next_time(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_last(tmp_path, "-- Why.\nCREATE TABLE half (one int);\nSELECT 1 / 0;\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrations.migrate(empty, SCHEMA)
    assert pending(empty) == ["9999_last"]
    with_a_last(tmp_path, "-- Why.\nCREATE TABLE half (one int);\n")
    assert migrations.migrate(empty, SCHEMA) == ["9999_last"]


def test_a_statement_that_wants_no_transaction_gets_none(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    concurrently = "CREATE INDEX CONCURRENTLY IF NOT EXISTS by_topic ON ledger_events (topic);"
    with_a_last(tmp_path, f"-- Why.\n-- transactional: false\n{concurrently}\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    assert migrations.migrate(empty, SCHEMA)[-1] == "9999_last"
    assert migrations.migrate(empty, SCHEMA) == []


def test_a_migration_that_dies_leaves_nothing_and_blocks_nothing(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suicide = "RESET ROLE;\nSELECT pg_terminate_backend(pg_backend_pid())"
    with_a_last(tmp_path, f"-- Why.\nCREATE TABLE half (one int);\n{suicide};\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    with pytest.raises(psycopg.OperationalError):
        migrations.migrate(empty, SCHEMA)
    monkeypatch.undo()
    assert migrations.migrate(empty, SCHEMA) == []
    with pool.connect(empty, SCHEMA, role=None) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_grants_come_back_when_they_were_lost(postgres: Database, role: Role) -> None:
    with postgres.connect_owner() as owner:
        owner.execute(
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {postgres.schema} FROM {role.of(SCHEMA)}"
        )
        owner.execute(f"REVOKE ALL ON SCHEMA {postgres.schema} FROM {role.of(SCHEMA)}")
    assert migrations.migrate(postgres.url, postgres.schema) == []
    with postgres.connect(role) as connection:
        assert migrations.pending(connection, postgres.schema) == []


def test_what_was_made_before_there_was_an_owner_is_the_owner_s(empty: str) -> None:
    """As an earlier version left it: all belongs to the login, and there is one role."""
    migrations.migrate(empty, FORMER)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {FORMER}_app")
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {FORMER} TO {FORMER}_app")
        connection.execute(
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {FORMER} GRANT ALL ON TABLES TO {FORMER}_app"
        )
        connection.execute(f"REASSIGN OWNED BY {Role.OWNER.of(FORMER)} TO CURRENT_USER")
    assert migrations.migrate(empty, FORMER) == []
    with psycopg.connect(empty) as connection:
        others = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace"
            " AND pg_get_userbyid(relowner) <> %s",
            (FORMER, Role.OWNER.of(FORMER)),
        )
        assert others.fetchall() == []
        gone = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (f"{FORMER}_app",))
        assert gone.fetchone() is None


@contextmanager
def modest_owner(server: str, rights: str) -> Iterator[tuple[str, Connection]]:
    """The URL of a fresh database for a role that is no superuser and may make schemas there, and
    a connection of its administrator."""
    if "//postgres@" not in server:
        pytest.skip("logs in as somebody else, which needs a server that trusts everybody")
    with temporary_database(server) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {LOGIN} LOGIN {rights}")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {LOGIN}")
        try:
            yield url.replace("//postgres@", f"//{LOGIN}@", 1), connection
        finally:
            connection.execute(f"DROP SCHEMA IF EXISTS {MODEST} CASCADE")
            connection.execute(f"DROP OWNED BY {LOGIN}")
            for name in (*(role.of(MODEST) for role in Role), LOGIN):
                connection.execute(f"DROP ROLE IF EXISTS {name}")


def acts_in_its_roles(url: str) -> None:
    for role in Role:
        with pool.connect(url, MODEST, role=role) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role.of(MODEST),)
    with as_writer(url, MODEST) as connection:
        connection.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', '', 1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            connection.execute("DELETE FROM ledger_events")


@pytest.mark.parametrize("server_fixture", SERVERS)
@pytest.mark.postgres
def test_an_owner_needs_no_superuser(request: pytest.FixtureRequest, server_fixture: str) -> None:
    with modest_owner(request.getfixturevalue(server_fixture), "CREATEROLE") as (url, _):
        assert migrations.migrate(url, MODEST) == names()
        assert migrations.migrate(url, MODEST) == []
        acts_in_its_roles(url)


@pytest.mark.parametrize("server_fixture", SERVERS)
@pytest.mark.postgres
def test_a_login_that_may_not_make_roles_gets_the_statements_for_an_administrator(
    request: pytest.FixtureRequest, server_fixture: str
) -> None:
    """And nothing ever goes on as the owner instead."""
    server = request.getfixturevalue(server_fixture)
    with modest_owner(server, "NOCREATEROLE") as (url, administrator):
        with pytest.raises(Refused, match="may not create the roles") as refused:
            migrations.migrate(url, MODEST)
        assert pending(url, MODEST) == names()
        with pytest.raises(Refused, match=f"may not act as {MODEST}_reader"):
            pool.connect(url, MODEST)
        statements = re.findall(r"(?:CREATE ROLE|GRANT) [^;]+", refused.value.detail)
        assert len(statements) == len(Role) + 1
        for statement in statements:
            administrator.execute(statement)
        assert migrations.migrate(url, MODEST) == names()
        acts_in_its_roles(url)


def test_a_login_that_may_not_make_schemas_gets_the_remedy(server: str) -> None:
    with modest_owner(server, "CREATEROLE") as (url, administrator):
        administrator.execute(f"REVOKE CREATE ON DATABASE {administrator.info.dbname} FROM {LOGIN}")
        with pytest.raises(Refused, match=rf"{LOGIN} may not .*permission denied for database"):
            migrations.migrate(url, MODEST)


def test_the_oldest_supported_postgresql_takes_them_and_appends(postgres15: str) -> None:
    with ledger_database(postgres15) as database, database.connect_writer() as connection:
        assert connection.info.server_version // 10_000 == 15
        connection.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', '', 1)")
        assert connection.execute("UPDATE ledger_head SET position = 1").rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger_events")
