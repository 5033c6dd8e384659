"""Each consequence happens exactly once, whatever ends a worker and however many of them run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms_ledger.app import Oms
from oms_ledger.engine.work import receipts
from oms_ledger.engine.work.consequences import Consequence, Refusal
from oms_ledger.engine.work.policies import PolicyRunner
from oms_ledger.kernel import Position
from tests.database_reset import Databases
from tests.databases import Database
from tests.engine.work.consequences import (
    cursor,
    expected,
    followed,
    ledger,
    place_stock,
    run_to_end,
)
from tests.engine.work.mortal import (
    SEAMS_OF_A_PAGE,
    all_read,
    finish,
    mortal,
    run_until_killed,
)
from tests.engine.work.policy_process import at_a_seam
from tests.serving.family import until
from tests.tiers import long


@pytest.fixture
def oms(ready: Database) -> Iterator[Oms]:
    with ledger(ready) as oms:
        yield oms


# Killed.


@pytest.mark.parametrize("kill_at", range(1, SEAMS_OF_A_PAGE + 1))
def test_killed_between_any_two_steps_each_consequence_happens_once(oms: Oms, kill_at: int) -> None:
    positions = place_stock(oms, 3)
    runner = mortal(oms, kill_at)
    assert run_until_killed(runner), runner.seams.passed
    finish(oms)
    assert followed(oms) == expected(positions)
    assert oms.work.refusals() == []


def test_the_seams_are_those_of_a_page(oms: Oms) -> None:
    place_stock(oms, 3)
    runner = mortal(oms, 0)
    run_to_end(runner)
    assert len(runner.seams.passed[:SEAMS_OF_A_PAGE]) == SEAMS_OF_A_PAGE
    assert runner.seams.passed[SEAMS_OF_A_PAGE - 1] == "committed"
    runner.close()


@pytest.mark.parametrize(
    ("kill_at", "seam"), [long(1, "decided"), (4, "submitted 2"), long(9, "moved, not committed")]
)
def test_so_it_does_where_the_process_itself_is_killed(
    oms: Oms, ready: Database, kill_at: int, seam: str
) -> None:
    positions = place_stock(oms, 3)
    with at_a_seam(ready, kill_at) as reached:
        assert reached == seam
    finish(oms)
    assert followed(oms) == expected(positions)


Steps = st.lists(
    st.one_of(
        st.integers(1, 4).map(lambda count: ("place", count)),
        st.integers(1, 12).map(lambda kill_at: ("kill", kill_at)),
    ),
    min_size=2,
    max_size=10,
)


@pytest.fixture(scope="module")
def shared(ready_ledgers: Databases) -> Iterator[Oms]:
    with ready_ledgers.lend() as database, ledger(database) as oms:
        yield oms


@pytest.mark.postgres
@settings(max_examples=20)
@given(steps=Steps, page_events=st.integers(1, 5), page_commands=st.integers(1, 5))
def test_killed_anywhere_and_again_each_consequence_happens_once(
    shared: Oms, steps: list[tuple[str, int]], page_events: int, page_commands: int
) -> None:
    before, positions = followed(shared), []
    for step, number in steps:
        if step == "place":
            positions += place_stock(shared, number)
        else:
            sizes = {"page_events": page_events, "page_commands": page_commands}
            run_until_killed(mortal(shared, number, lease_seconds=0.01, **sizes))
    finish(shared)
    assert followed(shared) - before == expected(positions)
    assert followed(shared).total() == before.total() + 2 * len(positions)


# Several workers.


def test_two_workers_at_once_do_each_thing_once(oms: Oms) -> None:
    """Their leases are expired before they begin, so that both react to the same events."""
    stop = threading.Event()
    runners = [mortal(oms, 0, lease_seconds=0.0, page_events=7) for _ in range(2)]
    failures: list[BaseException] = []

    def run(runner: PolicyRunner) -> None:
        try:
            while not stop.is_set():
                runner.attempt(stop)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    positions = [p for n in range(10) for p in place_stock(oms, 10, f"S{n}-")]
    until(lambda: all_read(oms), "all is read")
    stop.set()
    for thread in threads:
        thread.join(30)
    for runner in runners:
        runner.close()
    assert failures == []
    assert followed(oms) == expected(positions)
    decided = [runner.seams.passed.count("decided") for runner in runners]
    assert min(decided) > 0, "both have reacted"


def test_an_overtaken_loop_moves_no_cursor_and_submits_nothing_twice(oms: Oms) -> None:
    first = place_stock(oms, 2)
    sleeper = mortal(oms, 0, lease_seconds=0.05)
    woken = oms.work.policy_runner()
    overtaken: list[Position] = []
    original = sleeper._settle

    def settle_after_the_other(commands: Sequence[Consequence]) -> list[Refusal]:
        if not overtaken:
            time.sleep(0.1)
            place_stock(oms, 3, "S7-")
            finish(oms, woken)
            overtaken.append(cursor(oms))
        return original(commands)

    sleeper._settle = settle_after_the_other  # type: ignore[method-assign]  # stops in the middle
    sleeper.step()
    assert cursor(oms) == overtaken[0]
    finish(oms, sleeper)
    assert followed(oms).total() == followed(oms).keys().__len__()
    assert set(expected(first)) <= set(followed(oms))


def test_one_worker_at_a_time_has_the_lease(oms: Oms) -> None:
    with oms.work.policy_runner() as first, oms.work.policy_runner() as second:
        positions = place_stock(oms, 1)
        assert first.step() > 0
        assert second.step() == 0
        stop = threading.Event()
        assert first.attempt(stop)
        assert not second.attempt(stop), "another worker has it"
        first.close()
        place_stock(oms, 1, "S5")
        assert second.step() > 0
        assert len(followed(oms)) >= len(expected(positions))


# Receipts.


def test_receipts_of_events_that_the_cursor_has_not_passed_are_kept(
    oms: Oms, ready: Database
) -> None:
    """A worker that was killed and comes back after the period of retention."""
    positions = place_stock(oms, 2)
    assert run_until_killed(mortal(oms, SEAMS_OF_A_PAGE - 3)), "before the cursor is moved"
    _prune_all(ready)
    finish(oms)
    assert followed(oms) == expected(positions)
    assert _prune_all(ready) == 4, "none is needed any more"


def _prune_all(database: Database) -> int:
    with database.connect_owner() as owner:
        owner.execute("UPDATE receipts SET recorded_at = '2020-01-01'")
    with database.connect_writer() as writer:
        row = writer.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        return receipts.prune(writer, row[0])
