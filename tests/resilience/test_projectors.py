"""Projectors that fall asleep, die, fight, and meet events they cannot fold."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import pytest

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.project import leases
from oms_ledger.engine.project.leases import ParkedStream
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.project.projector import Projector
from oms_ledger.kernel import Page, Recorded, RowKey
from oms_ledger.testing import replace
from tests.databases import Database
from tests.engine.project.log import Log, expected, history, install, position, received, stored
from tests.engine.project.tallies import TALLIES, Tally, fold, refusing
from tests.resilience.followers import running
from tests.resilience.hostile import losing_connections, repeatedly, wait_until
from tests.resilience.worker import in_the_middle_of_a_page


@pytest.fixture
def log(postgres: Database) -> Iterator[Log]:
    install(postgres)
    log = Log(postgres)
    log.append(*history(60))
    yield log
    log.close()


def parked(database: Database) -> list[ParkedStream]:
    with database.connect() as connection:
        return leases.parked_streams(connection, TALLIES.name)


def retry(database: Database) -> dict[str, bool]:
    with database.connect_projector() as connection:
        return retry_parked(connection, [TALLIES], TALLIES.name)


def test_a_stopped_process_that_wakes_after_its_successor_is_fenced(log: Log) -> None:
    database = log.database
    with in_the_middle_of_a_page(database, lease_seconds=0.3) as zombie:
        os.kill(zombie.pid, signal.SIGSTOP)
        log.append(*history(30))
        with Projector(database.connect_projector, [TALLIES], page_events=25) as successor:
            successor.catch_up(90, timeout_seconds=20)
        os.kill(zombie.pid, signal.SIGCONT)
        assert zombie.stdin is not None
        zombie.stdin.write("go on\n")
        zombie.stdin.flush()
        log.append(*history(10))
        wait_until(lambda: position(database) == 100)  # by the former zombie: nobody else is there
        output, _ = zombie.communicate(timeout=20)
    assert "fenced" in output
    assert zombie.returncode == 0
    assert stored(database) == expected(log.events)
    assert parked(database) == []


def test_a_killed_process_is_succeeded_when_its_lease_has_run_out(log: Log) -> None:
    with in_the_middle_of_a_page(log.database, lease_seconds=0.5) as worker:
        worker.kill()
        worker.wait(20)
    with Projector(log.database.connect_projector, [TALLIES]) as successor:
        assert successor.step() == 0, "the dead one's lease has half a second to go"
        successor.catch_up(60, timeout_seconds=20)
    assert stored(log.database) == expected(log.events)


def test_projectors_that_fight_over_one_read_model_do_not_harm_it(log: Log) -> None:
    """Their leases run out all the time: it is the revision that keeps them apart."""
    with ExitStack() as stack:
        for size in (3, 5, 8):
            projector = Projector(
                log.database.connect_projector, [TALLIES], page_events=size, lease_seconds=0.001
            )
            stack.enter_context(running(projector))
        for _ in range(20):
            log.append(*history(12))
        wait_until(lambda: position(log.database) == 300)
    assert stored(log.database) == expected(log.events)
    assert parked(log.database) == []


def test_read_models_in_large_pages_do_not_harm_each_other(log: Log) -> None:
    """Whichever process folds them, and whatever happens to its connections."""
    database = log.database
    other = replace(refusing(lambda r: r.position == POISON), name="others", version=2)
    install(database, other)
    projector = Projector(
        database.connect_projector, [TALLIES, other], page_events=700, lease_seconds=1.0
    )
    log.append(*history(3000))
    ended: list[int] = []
    with running(projector):
        with losing_connections(database, ended):
            wait_until(lambda: sum(ended) > 5)
        wait_until(lambda: min(position(database), position(database, "others")) == 3060)
    assert stored(database) == expected(log.events)
    with database.connect_projector() as connection:
        retried = retry_parked(connection, [replace(other, fold=TALLIES.fold)], "others")
    assert retried == {POISONED: True}
    assert stored(database, other) == expected(log.events)


# Events that cannot be folded.

POISONED = "stock-S5@A"
POISON = 20
"""The position of an event of that stream that the read model wants; others come after it."""


def left_out(events: Iterable[Recorded]) -> list[Recorded]:
    return [
        r
        for r in events
        if r.stream == POISONED and r.position >= POISON and isinstance(r.event, StockReceived)
    ]


@pytest.mark.parametrize("page_events", [1, 7, 19, 20, 5000])
def test_a_poisonous_event_parks_its_stream_until_a_retry_folds_it(
    log: Log, page_events: int
) -> None:
    database = log.database
    choosy = refusing(lambda r: r.position == POISON)
    with Projector(database.connect_projector, [choosy], page_events=page_events) as projector:
        projector.catch_up(60)
    out = left_out(log.events)
    assert len(out) > 2
    assert log.events[POISON - 1] == out[0]
    (one,) = parked(database)
    assert (one.stream, one.first_position, one.attempts) == (POISONED, POISON, 1)
    assert one.events == len(out)
    assert "cannot fold position 20" in one.error
    assert stored(database) == expected([r for r in log.events if r not in out])

    log.append(*history(30))
    with Projector(database.connect_projector, [choosy], page_events=page_events) as projector:
        projector.catch_up(90)
    (one,) = parked(database)
    assert one.events == len(left_out(log.events)), "what came later is left out as well"

    assert retry(database) == {POISONED: True}
    assert parked(database) == []
    assert stored(database) == expected(log.events)


def test_a_retry_that_fails_changes_nothing_but_the_count(log: Log) -> None:
    database = log.database
    choosy = refusing(lambda r: r.position == POISON)
    with Projector(database.connect_projector, [choosy]) as projector:
        projector.catch_up(60)
    before = stored(database)
    with database.connect_projector() as connection:
        assert retry_parked(connection, [choosy], choosy.name) == {POISONED: False}
    assert stored(database) == before
    assert [(p.stream, p.attempts) for p in parked(database)] == [(POISONED, 2)]


def test_retries_beside_running_projectors_fold_everything_once_and_in_order(log: Log) -> None:
    """Every event is refused once; what is parked is retried all the time."""
    database = log.database
    met = Counter[int]()

    def at_first(r: Recorded) -> bool:
        met[r.position] += 1
        return r.position % 5 == 0 and met[r.position] == 1

    sometimes = refusing(at_first)
    with (
        running(Projector(database.connect_projector, [sometimes], page_events=9)),
        repeatedly(lambda: retry(database), 0.01),
    ):
        for _ in range(15):
            log.append(*history(16))
        wait_until(lambda: position(database) == 300 and parked(database) == [])
    assert stored(database) == expected(log.events)


UNSTORABLE = {
    "a key with a NUL": received("BAD", 1, "a\0b"),
    "a key too long for an index": received(
        "BAD", 1, "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(3000))
    ),
    "a number too large": received("BAD", 2**63, "large"),
}


def touches_by_reference(r: Recorded) -> Iterable[RowKey]:
    assert isinstance(r.event, StockReceived)
    return [(Tally, (r.event.sku, str(r.event.reference)))]


def fold_by_reference(r: Recorded, page: Page) -> None:
    assert isinstance(r.event, StockReceived)
    event = replace(r.event, location=str(r.event.reference))
    fold(replace(r, event=event), page)


BY_REFERENCE = replace(TALLIES, touches=touches_by_reference, fold=fold_by_reference)


@pytest.mark.parametrize("event", UNSTORABLE.values(), ids=UNSTORABLE.keys())
def test_a_value_that_cannot_be_stored_parks_its_stream_alone(
    log: Log, event: StockReceived
) -> None:
    log.append(event, *history(20))
    with Projector(log.database.connect_projector, [BY_REFERENCE]) as projector:
        projector.catch_up(81, timeout_seconds=20)
    assert [(p.stream, p.first_position) for p in parked(log.database)] == [("stock-BAD@A", 61)]
    others = [r for r in log.events if isinstance(r.event, StockReceived) and r.position != 61]
    assert [at for at, _ in stored(log.database)["traces"]] == [r.position for r in others]


def test_bytes_that_are_no_event_park_their_stream_alone(log: Log) -> None:
    log.append(received("BAD"), spoiled=True)
    log.append(*history(20))
    with Projector(log.database.connect_projector, [TALLIES]) as projector:
        projector.catch_up(81, timeout_seconds=20)
    assert [(p.stream, p.first_position) for p in parked(log.database)] == [("stock-BAD@A", 61)]
    assert stored(log.database) == expected([r for r in log.events if r.position != 61])
