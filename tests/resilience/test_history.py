"""Many writers, threads and processes, on one ledger, in a database that is not kind to them:
what clients were told and what followers saw agrees with the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace

import pytest

from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.write.writer import Writer
from oms_ledger.kernel import Recorded
from oms_ledger.testing.history import recorded
from tests.databases import Database
from tests.engine.conformance import InPostgres
from tests.engine.project.log import expected, install, position, stored
from tests.engine.toy import Receive
from tests.resilience import hostile
from tests.resilience.clients import HOT, Client, run_clients, seen_by, start_process
from tests.resilience.followers import projecting, subscribed
from tests.resilience.history import Asked, check_history

COMMANDS = 60
"""Of each client; there are twelve."""


def opening(database: Database, units: int) -> list[Asked]:
    """Fewer units than are asked for."""
    writer = Writer(PostgresStore(database.connect_writer))
    client = Client("opening", writer)
    client.ask("opening", Receive(HOT, units))
    writer.close()
    return client.asked


def log_of(database: Database) -> list[Recorded]:
    def connect() -> Connection:
        return hostile.stranger(database)

    return InPostgres(connect, connect).recorded()


def run_everything(
    database: Database, trouble: AbstractContextManager[object]
) -> tuple[list[Asked], list[int], list[int]]:
    """What clients saw, and what two subscriptions did: one from before the first event. All of
    them are in trouble until the last command is answered."""
    with subscribed(database) as early, projecting(database.connect_projector):
        asked = opening(database, 500)
        processes = [
            start_process(database.url, database.schema, f"process{n}", COMMANDS) for n in range(2)
        ]
        with subscribed(database) as late:
            names = [f"thread{n}" for n in range(6)]
            with trouble:
                asked += run_clients(
                    names, lambda: Writer(PostgresStore(database.connect_writer)), COMMANDS
                )
                for process in processes:
                    asked += seen_by(process)
            head = len(log_of(database))
            hostile.wait_until(lambda: len(early) >= head and len(late) >= head)
        hostile.wait_until(lambda: position(database) >= head)
    return asked, early, late


def check_all(database: Database, asked: Sequence[Asked], *followers: Sequence[int]) -> None:
    log = log_of(database)
    check_history(log, asked, {f"follower {n}": seen for n, seen in enumerate(followers)})
    assert stored(database) == expected(log)


def test_clients_followers_and_the_log_agree(postgres: Database) -> None:
    install(postgres)
    asked, early, late = run_everything(postgres, nullcontext())
    check_all(postgres, asked, early, late)
    fates = Counter(a.fate for a in asked)
    assert fates["accepted"] > 300
    assert fates["refused"] > 0, "the last units were not fought for"
    assert set(fates) == {"accepted", "refused"}


def test_they_agree_whatever_is_done_to_the_database(postgres: Database) -> None:
    install(postgres)
    ended: list[int] = []
    with ExitStack() as stack:
        stack.enter_context(hostile.idle_in_transaction(postgres))
        stack.enter_context(hostile.vacuuming(postgres))
        asked, early, late = run_everything(postgres, hostile.losing_connections(postgres, ended))
    check_all(postgres, asked, early, late)
    assert sum(ended) > 10


def a_history() -> tuple[list[Recorded], list[Asked]]:
    """Five events of three commands that came one after the other, and a refusal."""
    stock = [StockReceived("X", "A", 9)] + [StockAllocated("X", "A", 1, "o", "1")] * 4
    commands = ["one", "two", "two", "three", "three"]
    log = [
        replace(r, meta=replace(r.meta, command_id=command))
        for r, command in zip(recorded(stock), commands, strict=True)
    ]
    return log, [
        Asked("one", 1.0, 2.0, 1, "accepted", 1),
        Asked("two", 3.0, 4.0, 2, "accepted", 3),
        Asked("three", 5.0, 6.0, 2, "unknown"),
        Asked("four", 7.0, 8.0, 1, "refused"),
        Asked("five", 7.0, 8.0, 2, "unknown"),
    ]


LIES: dict[str, tuple[int, Asked]] = {
    "accepted and not there": (3, Asked("four", 7.0, 8.0, 1, "accepted", 6)),
    "refused and there": (2, Asked("three", 5.0, 6.0, 2, "refused")),
    "denied and there": (2, Asked("three", 5.0, 6.0, 2, "denied")),
    "half of it there": (2, Asked("three", 5.0, 6.0, 3, "unknown")),
    "more than all of it there": (1, Asked("two", 3.0, 4.0, 1, "accepted", 3)),
    "elsewhere than answered": (0, Asked("one", 1.0, 2.0, 1, "accepted", 2)),
    "before what was answered earlier": (1, Asked("two", 0.1, 0.2, 2, "accepted", 3)),
    "not asked for": (0, Asked("nobody", 1.0, 2.0, 1, "unknown")),
}


def test_a_true_history_passes() -> None:
    log, asked = a_history()
    check_history(log, asked, {"all": [1, 2, 3, 4, 5]})


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_is_found(lie: tuple[int, Asked]) -> None:
    log, asked = a_history()
    asked[lie[0]] = lie[1]
    with pytest.raises(AssertionError):
        check_history(log, asked, {})


@pytest.mark.parametrize("seen", [[1, 2, 4, 5], [1, 2, 2, 3, 4, 5], [1, 3, 2, 4, 5], [1, 2, 3, 4]])
def test_a_follower_that_missed_something_is_found(seen: list[int]) -> None:
    log, asked = a_history()
    with pytest.raises(AssertionError, match="missed"):
        check_history(log, asked, {"one": seen})
