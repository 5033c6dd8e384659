"""Would these suites notice? Each check passes on the engine as it is, and fails on the same
engine with one thing taken out. (Receipts off, and looking too early after a lost commit, are in
test_lost_answers.py.)"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from oms_ledger.domain.errors import Refused
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log import postgres as postgres_log
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.log.store import Batch, Head
from oms_ledger.engine.project import commit, session
from oms_ledger.engine.project.projector import LIVE_PATH, Projector
from oms_ledger.engine.project.session import ProjectorSession
from oms_ledger.engine.write.writer import Submission, Writer
from oms_ledger.testing import replace
from tests.databases import Database
from tests.engine.project.log import Log, expected, history, install, position, received, stored
from tests.engine.project.tallies import TALLIES
from tests.engine.submissions import submit
from tests.engine.toy import Receive, Take, context
from tests.resilience.clients import run_clients
from tests.resilience.followers import running
from tests.resilience.history import check_history
from tests.resilience.hostile import wait_until
from tests.resilience.test_history import log_of, opening
from tests.resilience.worker import halting

# The head lock.

UNLOCKED = postgres_log.SQL["lock_head"].removesuffix(" FOR UPDATE")

WAITING_FOR_LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database()"""


class SlowStore(PostgresStore):
    """Its writer decides, and then takes its time before it writes."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        super().__init__(connect)
        self.decided = threading.Event()
        self.go_on = threading.Event()

    def commit(self, head: Head, batch: Batch) -> None:
        self.decided.set()
        self.go_on.wait(20)
        super().commit(head, batch)


def check_the_last_unit_goes_to_one_and_the_other_is_refused(database: Database) -> None:
    store = SlowStore(database.connect_writer)
    slow, quick = Writer(store), Writer(PostgresStore(database.connect_writer))
    try:
        submit(quick, Receive("X", 1))
        first = slow.submit(Submission(Take("X", 1), context()))
        assert store.decided.wait(10)
        second = quick.submit(Submission(Take("X", 1), context()))
        with database.connect_owner() as owner:
            wait_until(lambda: second.done() or owner.execute(WAITING_FOR_LOCKS).fetchone() != (0,))
        store.go_on.set()
        errors = [type(future.exception(10)) for future in (first, second)]
        assert errors == [type(None), Refused], "who decided first must be the one who gets it"
    finally:
        store.go_on.set()
        slow.close()
        quick.close()


def check_a_fight_for_the_last_units(database: Database) -> None:
    observations = opening(database, 40)
    names = [f"thread{n}" for n in range(6)]
    observations += run_clients(
        names, lambda: Writer(PostgresStore(database.connect_writer)), 30, together=1
    )
    check_history(log_of(database), observations, {})


HEAD_LOCK_CHECKS = [
    check_the_last_unit_goes_to_one_and_the_other_is_refused,
    check_a_fight_for_the_last_units,
]


@pytest.mark.parametrize("check", HEAD_LOCK_CHECKS)
def test_writers_wait_for_each_other(postgres: Database, check: Callable[[Database], None]) -> None:
    check(postgres)


@pytest.mark.parametrize("check", HEAD_LOCK_CHECKS)
def test_sabotage_without_the_head_lock(
    postgres: Database, check: Callable[[Database], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_log.SQL, "lock_head", UNLOCKED)
    with pytest.raises(AssertionError):
        check(postgres)


# Compare-and-set of a read model's position.

MOVE_WHATEVER_HAPPENED = commit.SQL["move_position"].replace(
    "AND position = %s AND revision = %s", "AND 0 <= %s::bigint AND 0 <= %s::bigint"
)


def check_an_overtaken_projector_writes_nothing(database: Database) -> None:
    install(database)
    log = Log(database)
    log.append(*history(60))

    def be_overtaken() -> None:
        log.append(*history(30))
        with Projector(database.connect_projector, [TALLIES], page_events=25) as successor:
            successor.catch_up(90, timeout_seconds=20)

    sleeper = Projector(
        database.connect_projector,
        [TALLIES],
        page_events=40,
        lease_seconds=0.05,
        path=halting(be_overtaken),
    )
    with sleeper:
        while sleeper.step():
            assert position(database) >= 90, "a read model went back"
        with database.connect() as connection:
            parked = connection.execute("SELECT count(*) FROM parked_streams").fetchone()
    log.close()
    assert parked == (0,), "the sleeper took its own lateness for a poisonous event"
    assert position(database) == 90
    assert stored(database) == expected(log.events)


def test_a_projector_that_slept_is_fenced(postgres: Database) -> None:
    check_an_overtaken_projector_writes_nothing(postgres)


def test_sabotage_without_compare_and_set(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert commit.SQL["move_position"] != MOVE_WHATEVER_HAPPENED
    monkeypatch.setitem(commit.SQL, "move_position", MOVE_WHATEVER_HAPPENED)
    with pytest.raises(AssertionError):
        check_an_overtaken_projector_writes_nothing(postgres)


# LISTEN before the first look.

NEVER = 3600.0
"""Seconds between two looks at the log where nobody calls: longer than any test."""


class InTheGap(ProjectorSession):
    """Lets something happen once, after the log was read and before it waits."""

    def __init__(self, connect: Callable[[], Connection], happens: Callable[[], object]) -> None:
        super().__init__(connect)
        self._happens: Callable[[], object] | None = happens

    def wait(self, seconds: float = NEVER, *, until_event: bool = True) -> None:
        self.happen()
        super().wait(NEVER, until_event=until_event)

    def happen(self) -> None:
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()


class ListensTooLate(InTheGap):
    def listen(self, connection: Connection) -> None:
        """Not yet."""

    def wait(self, seconds: float = NEVER, *, until_event: bool = True) -> None:
        self.happen()
        super().listen(self.connection())
        super().wait(seconds, until_event=until_event)


def check_nothing_is_overlooked_before_waiting(
    database: Database, kind: type[InTheGap] = InTheGap
) -> None:
    install(database)
    log = Log(database)
    log.append(*history(5))
    path = replace(
        LIVE_PATH, session=lambda connect: kind(connect, lambda: log.append(received("LATE")))
    )
    projector = Projector(database.connect_projector, [TALLIES], path=path)
    with running(projector, wake=lambda: call(database)):
        wait_until(lambda: position(database) >= 5)
        wait_until(lambda: position(database) == 6, seconds=2.0)
    log.close()
    assert stored(database) == expected(log.events)


def call(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(f"NOTIFY {postgres_log.NOTIFY_CHANNEL}")


def test_an_event_between_reading_and_waiting_is_folded_without_polling(postgres: Database) -> None:
    check_nothing_is_overlooked_before_waiting(postgres)


def test_sabotage_listening_after_reading(postgres: Database) -> None:
    with pytest.raises(AssertionError):
        check_nothing_is_overlooked_before_waiting(postgres, ListensTooLate)


def test_without_any_call_polling_finds_it(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint may be lost; the truth may not."""
    monkeypatch.setattr(session, "NOTIFY_CHANNEL", "nobody_calls_here")
    install(postgres)
    log = Log(postgres)
    with running(Projector(postgres.connect_projector, [TALLIES])):
        for _ in range(2):
            log.append(received("X"))
            time.sleep(0.05)
        wait_until(lambda: position(postgres) == 2)
    log.close()
