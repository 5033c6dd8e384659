"""Migrations: once, in order, by one process at a time, whatever crashes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from oms_ledger.engine import migrations, pool
from tests.databases import SCHEMA, Database, ledger_database, temporary_database

MODEST = "oms_modest"

MIGRATE = """
import sys
from oms_ledger.engine import migrations
print(*migrations.migrate(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    with temporary_database(server) as url:
        yield url


def names() -> list[str]:
    found = migrations.directory().glob("[0-9]*.sql")
    return sorted(path.stem for path in found)


def test_all_are_applied_in_order_and_then_none(empty: str) -> None:
    assert migrations.pending(empty, SCHEMA) == names()
    assert migrations.migrate(empty, SCHEMA) == names()
    assert migrations.pending(empty, SCHEMA) == []
    assert migrations.migrate(empty, SCHEMA) == []


def test_looking_changes_nothing(empty: str) -> None:
    migrations.pending(empty, SCHEMA)
    with psycopg.connect(empty) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,))
        assert found.fetchone() is None


def test_ledgers_of_one_database_know_nothing_of_each_other(empty: str) -> None:
    migrations.migrate(empty, "oms_one")
    assert migrations.pending(empty, "oms_two") == names()
    assert migrations.migrate(empty, "oms_two") == names()
    with pool.connect(empty, "oms_one") as one, pool.connect(empty, "oms_two") as two:
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
    assert migrations.pending(empty, SCHEMA) == ["9999_last"]
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


def test_a_migrator_that_dies_leaves_nothing_and_blocks_nobody(
    empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suicide = "SELECT pg_terminate_backend(pg_backend_pid())"
    with_a_last(tmp_path, f"-- Why.\nCREATE TABLE half (one int);\n{suicide};\n")
    monkeypatch.setattr(migrations, "directory", lambda: tmp_path)
    with pytest.raises(psycopg.OperationalError):
        migrations.migrate(empty, SCHEMA)
    monkeypatch.undo()
    assert migrations.migrate(empty, SCHEMA) == []
    with pool.connect(empty, SCHEMA, role=False) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


def test_grants_come_back_when_they_were_lost(postgres: Database) -> None:
    role = pool.app_role(postgres.schema)
    with postgres.connect_owner() as owner:
        owner.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {postgres.schema} FROM {role}")
    assert migrations.migrate(postgres.url, postgres.schema) == []
    with postgres.connect() as connection:
        assert connection.execute("SELECT position FROM ledger_head").fetchone() == (0,)


@contextmanager
def modest_owner(server: str, rights: str) -> Iterator[str]:
    """The URL of a fresh database for a role that is no superuser and may make schemas there."""
    if "//postgres@" not in server:
        pytest.skip("logs in as somebody else, which needs a server that trusts everybody")
    with temporary_database(server) as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE modest LOGIN {rights}")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO modest")
        try:
            yield url.replace("//postgres@", "//modest@", 1)
        finally:
            for role in (pool.app_role(MODEST), "modest"):
                if connection.execute(
                    "SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)
                ).rowcount:
                    connection.execute(f"DROP OWNED BY {role}")
                    connection.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("server_fixture", ["server", "postgres15"])
@pytest.mark.parametrize(
    ("rights", "acts_as", "refusal"),
    [
        ("NOCREATEROLE", "modest", "append-only"),
        ("CREATEROLE", "oms_modest_app", "permission denied"),
    ],
)
@pytest.mark.postgres
def test_an_owner_needs_no_superuser(
    request: pytest.FixtureRequest, server_fixture: str, rights: str, acts_as: str, refusal: str
) -> None:
    with modest_owner(request.getfixturevalue(server_fixture), rights) as url:
        assert migrations.migrate(url, MODEST) == names()
        assert migrations.migrate(url, MODEST) == []
        with pool.connect(url, MODEST) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (acts_as,)
            connection.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', '', 1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=refusal):
                connection.execute("DELETE FROM ledger_events")


def test_the_oldest_supported_postgresql_takes_them_and_appends(postgres15: str) -> None:
    with ledger_database(postgres15) as database, database.connect() as connection:
        assert connection.info.server_version // 10_000 == 15
        connection.execute("INSERT INTO ledger_events VALUES ('a-1', 1, 't', '', 1)")
        assert connection.execute("UPDATE ledger_head SET position = 1").rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM ledger_events")
