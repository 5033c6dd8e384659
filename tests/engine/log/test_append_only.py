"""The database itself refuses to change the log, by grants and by triggers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg.errors import InsufficientPrivilege

from oms_ledger.engine.db import migrations
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.roles import Role
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


def as_writer(database: Database) -> Connection:
    return database.connect_writer()


def as_owner(database: Database) -> Connection:
    return database.connect_owner()


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
@pytest.mark.parametrize("connect", [as_writer, as_owner])
def test_the_log_cannot_be_changed(
    postgres: Database, connect: Callable[[Database], Connection], tampering: str
) -> None:
    with postgres.connect_writer() as connection:
        append(connection)
    with connect(postgres) as connection:
        with pytest.raises(InsufficientPrivilege):
            connection.execute(tampering)
        assert rows(connection) == EVENTS


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_grants_defend_the_log_without_the_triggers(postgres: Database, tampering: str) -> None:
    with postgres.connect_owner() as owner, postgres.connect_writer() as connection:
        append(connection)
        owner.execute("ALTER TABLE ledger_events DISABLE TRIGGER USER")
        with pytest.raises(InsufficientPrivilege):
            connection.execute(tampering)
        assert rows(connection) == EVENTS


def test_triggers_defend_the_log_without_the_grants(postgres: Database) -> None:
    with postgres.connect_owner() as owner, postgres.connect_writer() as connection:
        append(connection)
        owner.execute(f"GRANT ALL ON ledger_events TO {Role.WRITER.of(postgres.schema)}")
        for tampering in TAMPERINGS.values():
            with pytest.raises(InsufficientPrivilege, match="append-only"):
                connection.execute(tampering)
        assert rows(connection) == EVENTS


@pytest.mark.parametrize(
    "act",
    [
        "ALTER TABLE ledger_events DISABLE TRIGGER USER",
        "DROP TABLE ledger_events",
        "DROP FUNCTION refuse_change() CASCADE",
        "CREATE TABLE mine (one int)",
    ],
)
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_only_the_owner_can_take_the_defences_down(
    postgres: Database, role: Role, act: str
) -> None:
    with postgres.connect(role) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(act)


def test_the_writer_may_do_its_work(postgres: Database) -> None:
    with postgres.connect_writer() as connection, connection.transaction():
        connection.execute("SELECT position FROM ledger_head FOR UPDATE")
        append(connection)
        assert connection.execute("UPDATE ledger_head SET position = 2").rowcount == 1
        connection.execute("INSERT INTO receipts VALUES ('s', 'k', '', '', now())")
        connection.execute("INSERT INTO snapshots VALUES ('order-1', 2, 2, '', '')")


def test_a_table_without_grants_is_the_owner_s_alone(postgres: Database) -> None:
    with postgres.connect(Role.OWNER) as owner:
        owner.execute("CREATE TABLE seen (id int PRIMARY KEY)")
    migrations.migrate(postgres.url, postgres.schema)
    for role in set(Role) - {Role.OWNER}:
        with postgres.connect(role) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT * FROM seen")
