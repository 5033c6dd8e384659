"""A database that others use, block, and take away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from oms_ledger.domain.errors import ReadModelBehind, Unavailable
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Timeouts
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.project import projector as projector_module
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.read.reader import Readers
from oms_ledger.engine.write.writer import Writer
from oms_ledger.kernel import ReadModel
from oms_ledger.testing import replace
from tests.databases import Database
from tests.engine.conformance import PostgresLedger
from tests.engine.project.log import (
    Log,
    expected,
    history,
    install,
    position,
    stored,
    terminate_others,
)
from tests.engine.project.tallies import TALLIES
from tests.engine.submissions import refusals, submissions, submit
from tests.engine.toy import Receive, Take
from tests.resilience.followers import running, subscribed
from tests.resilience.hostile import idle_in_transaction, stranger, wait_until

IMPATIENT = Timeouts(lock_ms=200, statement_ms=5000)


def connect_impatiently(database: Database, role: Role = Role.WRITER) -> Connection:
    return pool.connect(database.url, database.schema, role=role, timeouts=IMPATIENT)


@pytest.fixture
def writer(postgres: Database) -> Iterator[Writer]:
    writer = Writer(PostgresStore(lambda: connect_impatiently(postgres)))
    yield writer
    writer.close()


@pytest.fixture
def log(postgres: Database) -> Iterator[Log]:
    install(postgres)
    log = Log(postgres)
    yield log
    log.close()


def test_a_stuck_holder_of_the_head_is_reported_to_every_caller(
    postgres: Database, writer: Writer
) -> None:
    submit(writer, Receive("X", 1))
    with stranger(postgres) as stuck, stuck.transaction():
        stuck.execute("SELECT position FROM ledger_head FOR UPDATE")
        futures = writer.submit_many(submissions(Receive("X", 1) for _ in range(20)))
        errors = refusals(futures)
        assert {type(error) for error in errors} == {Unavailable}
        assert {str(error) for error in errors} == {
            "The database does not answer; nothing was written. Try again."
        }
    assert submit(writer, Receive("X", 1)).position == 2


def test_idle_transactions_and_weak_locks_stop_no_writer(
    postgres: Database, writer: Writer
) -> None:
    install(postgres)
    with idle_in_transaction(postgres), subscribed(postgres) as positions:
        submit(writer, Receive("X", 30))
        for _ in range(10):
            submit(writer, Take("X", 3))
        with Projector(
            lambda: connect_impatiently(postgres, Role.PROJECTOR), [TALLIES]
        ) as projector:
            projector.catch_up(31, timeout_seconds=20)
        wait_until(lambda: len(positions) == 31)


def test_a_writer_that_lost_its_idle_connection_refuses_no_command(
    postgres: Database, writer: Writer
) -> None:
    submit(writer, Receive("X", 1))
    for n in range(3):
        assert terminate_others(postgres) == 1
        assert submit(writer, Receive("X", 1)).position == 2 + n


def test_a_session_ended_while_it_waits_for_the_head_is_reported(
    postgres: Database, writer: Writer
) -> None:
    """And the next command is taken, on a new connection."""
    with stranger(postgres) as stuck, stuck.transaction():
        stuck.execute("SELECT position FROM ledger_head FOR UPDATE")
        future = writer.submit(submissions([Receive("X", 1)])[0])
        wait_until(lambda: terminate_others(postgres) > 0)
        assert isinstance(future.exception(20), Unavailable)
    assert submit(writer, Receive("X", 1)).position == 1


@pytest.mark.parametrize("units", [1001, 10_000])
def test_thousands_of_events_at_once(postgres: Database, writer: Writer, units: int) -> None:
    """In one command, in a batch of many, in a page, and in one cut in the middle of both."""
    install(postgres)
    submit(writer, Receive("X", 2 * units))
    assert submit(writer, Take("X", units)).events == units
    futures = writer.submit_many(submissions(Receive(f"S{n}", 1) for n in range(1001)))
    assert refusals(futures) == [None] * 1001
    events = PostgresLedger(postgres.connect_writer, postgres.connect_owner).recorded()
    assert [r.position for r in events] == list(range(1, units + 1003))
    with Projector(postgres.connect_projector, [TALLIES], page_events=3000) as projector:
        projector.catch_up(len(events), timeout_seconds=60)
    assert stored(postgres) == expected(events)


def test_an_exhausted_pool_is_reported_and_recovers(postgres: Database, log: Log) -> None:
    log.append(*history(3))
    connections = pool.open_pool(postgres.url, postgres.schema, max_size=2)
    connections.timeout = 0.2
    readers = Readers(connections, [TALLIES])
    try:
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(connections.connection())
            with pytest.raises(Unavailable):
                readers.head()
            with pytest.raises(ReadModelBehind):
                readers.wait_for("tallies", 3, 0.5)
        assert readers.head() == 3
        with running(Projector(postgres.connect_projector, [TALLIES])):
            readers.wait_for("tallies", 3, 20.0)
    finally:
        readers.close()
        connections.close()


def test_a_projector_that_is_ended_goes_on(postgres: Database, log: Log) -> None:
    with running(
        Projector(postgres.connect_projector, [TALLIES], page_events=7, lease_seconds=1.0)
    ):
        for _ in range(5):
            log.append(*history(20))
            terminate_others(postgres)
            log.reconnect()
        wait_until(lambda: position(postgres) == 100)
    assert stored(postgres) == expected(log.events)


def test_a_locked_table_holds_up_only_its_own_read_model(
    postgres: Database, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector_module, "PAUSE_SECONDS", 0.5)
    other = the_same_elsewhere(postgres)
    with stranger(postgres) as stuck, stuck.transaction():
        stuck.execute("LOCK TABLE tallies_v1 IN ACCESS EXCLUSIVE MODE")
        projector = Projector(
            lambda: connect_impatiently(postgres, Role.PROJECTOR), [TALLIES, other]
        )
        with running(projector):
            log.append(*history(20))
            wait_until(lambda: position(postgres, other.name) == 20)
            assert position(postgres) == 0
            stuck.execute("ROLLBACK")
            wait_until(lambda: position(postgres) == 20)
    assert stored(postgres) == expected(log.events)


def the_same_elsewhere(database: Database) -> ReadModel:
    """A second read model with tables of its own; its version keeps them apart."""
    other = replace(TALLIES, name="others", version=2)
    install(database, other)
    return other
