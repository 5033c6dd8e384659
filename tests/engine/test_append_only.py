"""The database itself refuses to change the log, by grants and by triggers."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from oms_ledger.engine import pool
from oms_ledger.engine.pool import Connection
from tests.databases import Database

TAMPERINGS = {
    "update": "UPDATE ledger_events SET state = 'forged' WHERE originator_id = 'order-1'",
    "update of nothing": "UPDATE ledger_events SET state = 'forged' WHERE false",
    "delete": "DELETE FROM ledger_events WHERE originator_id = 'order-1'",
    "truncate": "TRUNCATE ledger_events",
}

EVENTS = [("order-1", 1, "t", b"one", 1), ("order-1", 2, "t", b"two", 2)]


def rows(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT * FROM ledger_events ORDER BY notification_id").fetchall()


def append(connection: Connection) -> None:
    for event in EVENTS:
        connection.execute("INSERT INTO ledger_events VALUES (%s, %s, %s, %s, %s)", event)


def as_application(database: Database) -> Connection:
    return database.connect()


def as_owner(database: Database) -> Connection:
    return database.connect_owner()


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
@pytest.mark.parametrize("who", [as_application, as_owner])
def test_the_log_cannot_be_changed(
    postgres: Database, who: Callable[[Database], Connection], tampering: str
) -> None:
    with postgres.connect() as connection:
        append(connection)
    with who(postgres) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(tampering)
        assert rows(connection) == EVENTS


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_grants_defend_the_log_without_the_triggers(postgres: Database, tampering: str) -> None:
    with postgres.connect_owner() as owner, postgres.connect() as connection:
        append(connection)
        owner.execute("ALTER TABLE ledger_events DISABLE TRIGGER USER")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(tampering)
        assert rows(connection) == EVENTS


def test_triggers_defend_the_log_without_the_grants(postgres: Database) -> None:
    with postgres.connect_owner() as owner, postgres.connect() as connection:
        append(connection)
        owner.execute(f"GRANT ALL ON ledger_events TO {pool.app_role(postgres.schema)}")
        for tampering in TAMPERINGS.values():
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(tampering)
        assert rows(connection) == EVENTS


@pytest.mark.parametrize(
    "act",
    [
        "ALTER TABLE ledger_events DISABLE TRIGGER USER",
        "DROP TABLE ledger_events",
        "DROP FUNCTION refuse_change() CASCADE",
        "CREATE TABLE mine (one int)",
        "DELETE FROM ledger_head",
        "INSERT INTO ledger_head VALUES (false, 0, now())",
        "UPDATE receipts SET outcome = ''",
        "DELETE FROM _yoyo_migration",
    ],
)
def test_the_application_cannot_take_the_defences_down(postgres: Database, act: str) -> None:
    with postgres.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(act)


def test_the_application_may_do_its_work(postgres: Database) -> None:
    with postgres.connect() as connection, connection.transaction():
        connection.execute("SELECT position FROM ledger_head FOR UPDATE")
        append(connection)
        assert connection.execute("UPDATE ledger_head SET position = 2").rowcount == 1
        connection.execute("INSERT INTO receipts VALUES ('s', 'k', '', '', now())")
        assert connection.execute("DELETE FROM receipts").rowcount == 1
        connection.execute("INSERT INTO snapshots VALUES ('order-1', 2, 2, '', '')")
        assert connection.execute("DELETE FROM snapshots").rowcount == 1


def test_the_application_may_use_tables_that_the_owner_makes_later(postgres: Database) -> None:
    with postgres.connect_owner() as owner:
        owner.execute("CREATE TABLE seen (id int PRIMARY KEY, n int)")
    with postgres.connect() as connection:
        connection.execute("INSERT INTO seen VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = 2")
        assert connection.execute("DELETE FROM seen").rowcount == 1


def test_a_missing_application_role_is_said_once(
    postgres: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with pool.connect(postgres.url, "oms_elsewhere") as connection:
            assert connection.execute("SELECT current_user = session_user").fetchone() == (True,)
    said = capsys.readouterr()
    assert (said.out + said.err).count("acting_as_owner") == 1
