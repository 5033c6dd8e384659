"""Many writers, threads and processes, on one ledger, in a database that is not kind to them:
the observations of clients and followers agree with the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext

import pytest

from oms_ledger.domain.stock.events import StockAllocated, StockReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import PostgresStore
from oms_ledger.engine.write.writer import Writer
from oms_ledger.kernel import Recorded
from oms_ledger.testing import replace
from oms_ledger.testing.history import recorded
from tests.databases import Database
from tests.engine.conformance import PostgresLedger
from tests.engine.project.log import expected, install, position, stored
from tests.engine.toy import Receive
from tests.resilience import hostile
from tests.resilience.clients import HOT, Client, observations_of, run_clients, start_process
from tests.resilience.followers import projecting, subscribed
from tests.resilience.history import Observation, check_history

COMMANDS = 60
"""Of each client; there are twelve."""


def opening(database: Database, units: int) -> list[Observation]:
    """Receive fewer units than the clients take."""
    writer = Writer(PostgresStore(database.connect_writer))
    client = Client("opening", writer)
    client.submit("opening", Receive(HOT, units))
    writer.close()
    return client.observations


def log_of(database: Database) -> list[Recorded]:
    def connect() -> Connection:
        return hostile.stranger(database)

    return PostgresLedger(connect, connect).recorded()


def run_everything(
    database: Database, trouble: AbstractContextManager[object]
) -> tuple[list[Observation], list[int], list[int]]:
    """What clients saw, and what two subscriptions did: one from before the first event. All of
    them are in trouble until the last command is answered."""
    with subscribed(database) as early, projecting(database.connect_projector):
        observations = opening(database, 500)
        processes = [
            start_process(database.url, database.schema, f"process{n}", COMMANDS) for n in range(2)
        ]
        with subscribed(database) as late:
            names = [f"thread{n}" for n in range(6)]
            with trouble:
                observations += run_clients(
                    names, lambda: Writer(PostgresStore(database.connect_writer)), COMMANDS
                )
                for process in processes:
                    observations += observations_of(process)
            head = len(log_of(database))
            hostile.wait_until(lambda: len(early) >= head and len(late) >= head)
        hostile.wait_until(lambda: position(database) >= head)
    return observations, early, late


def check_all(
    database: Database, observations: Sequence[Observation], *followers: Sequence[int]
) -> None:
    log = log_of(database)
    check_history(
        log, observations, {f"follower {n}": delivered for n, delivered in enumerate(followers)}
    )
    assert stored(database) == expected(log)


@pytest.mark.long
def test_clients_followers_and_the_log_agree(postgres: Database) -> None:
    install(postgres)
    observations, early, late = run_everything(postgres, nullcontext())
    check_all(postgres, observations, early, late)
    fates = Counter(a.fate for a in observations)
    assert fates["accepted"] > 300
    assert fates["refused"] > 0, "the last units were not fought for"
    assert set(fates) == {"accepted", "refused"}


def test_they_agree_whatever_is_done_to_the_database(postgres: Database) -> None:
    install(postgres)
    ended: list[int] = []
    with ExitStack() as stack:
        stack.enter_context(hostile.idle_in_transaction(postgres))
        stack.enter_context(hostile.vacuuming(postgres))
        observations, early, late = run_everything(
            postgres, hostile.losing_connections(postgres, ended)
        )
    check_all(postgres, observations, early, late)
    assert sum(ended) > 10


def a_history() -> tuple[list[Recorded], list[Observation]]:
    """Five events of three commands that came one after the other, and a refusal."""
    stock = [StockReceived("X", "A", 9)] + [StockAllocated("X", "A", 1, "o", "1")] * 4
    commands = ["one", "two", "two", "three", "three"]
    log = [
        replace(r, meta=replace(r.meta, command_id=command))
        for r, command in zip(recorded(stock), commands, strict=True)
    ]
    return log, [
        Observation("one", 1.0, 2.0, 1, "accepted", 1),
        Observation("two", 3.0, 4.0, 2, "accepted", 3),
        Observation("three", 5.0, 6.0, 2, "unknown"),
        Observation("four", 7.0, 8.0, 1, "refused"),
        Observation("five", 7.0, 8.0, 2, "unknown"),
    ]


LIES: dict[str, tuple[int, Observation]] = {
    "accepted and not there": (3, Observation("four", 7.0, 8.0, 1, "accepted", 6)),
    "refused and there": (2, Observation("three", 5.0, 6.0, 2, "refused")),
    "denied and there": (2, Observation("three", 5.0, 6.0, 2, "denied")),
    "half of it there": (2, Observation("three", 5.0, 6.0, 3, "unknown")),
    "more than all of it there": (1, Observation("two", 3.0, 4.0, 1, "accepted", 3)),
    "elsewhere than answered": (0, Observation("one", 1.0, 2.0, 1, "accepted", 2)),
    "before what was answered earlier": (1, Observation("two", 0.1, 0.2, 2, "accepted", 3)),
    "never sent": (0, Observation("nobody", 1.0, 2.0, 1, "unknown")),
}


def test_a_true_history_passes() -> None:
    log, observations = a_history()
    check_history(log, observations, {"all": [1, 2, 3, 4, 5]})


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_false_observation_is_noticed(lie: tuple[int, Observation]) -> None:
    log, observations = a_history()
    observations[lie[0]] = lie[1]
    with pytest.raises(AssertionError):
        check_history(log, observations, {})


@pytest.mark.parametrize(
    "delivered", [[1, 2, 4, 5], [1, 2, 2, 3, 4, 5], [1, 3, 2, 4, 5], [1, 2, 3, 4]]
)
def test_a_follower_that_missed_an_event_is_noticed(delivered: list[int]) -> None:
    log, observations = a_history()
    with pytest.raises(AssertionError, match="missed"):
        check_history(log, observations, {"one": delivered})
