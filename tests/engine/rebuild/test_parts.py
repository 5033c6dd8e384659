"""A build that several processes fold: the rows of one process, whatever happens to any of them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.project import leases
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild import parts
from oms_ledger.engine.rebuild.parts import PartFailed, PartPool, parts_path
from oms_ledger.engine.rebuild.windows import BulkWindows
from oms_ledger.kernel import Page, Recorded
from tests.databases import Database
from tests.engine.project.log import Log, expected, stored
from tests.engine.project.tallies import TALLIES, fold
from tests.engine.rebuild.arrivals import ARRIVALS
from tests.engine.rebuild.build_process import MODELS, start
from tests.engine.rebuild.test_builder import random_history
from tests.engine.rebuild.test_bulk_windows import changes_of_few_rows
from tests.engine.rebuild.tools import ReadModelTools
from tests.resilience.hostile import wait_until
from tests.tiers import others_long

PAGE = 1000
"""The smallest that is folded in bulk."""

POISON = 3 * PAGE + 1


def fold_or_refuse(r: Recorded, page: Page) -> None:
    fold(r, page)
    if r.position == POISON:
        raise ValueError(f"cannot fold position {r.position}")


CHOOSY = replace(TALLIES, fold=fold_or_refuse)
"""Of a module, as every read model that is sent to another process."""


@pytest.fixture(autouse=True)
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pages each."""
    monkeypatch.setattr(parts, "PART_WINDOW_EVENTS", 2 * PAGE)


@contextmanager
def builder(
    tools: ReadModelTools, jobs: int, lease_seconds: float = 10.0
) -> Generator[tuple[Projector, PartPool]]:
    pool = tools.part_pool(jobs)
    with tools.builder(PAGE, lease_seconds, parts_path(pool, PAGE)) as building:
        yield building, pool


def build(tools: ReadModelTools, jobs: int = 2) -> None:
    with builder(tools, jobs) as (building, _):
        while building.advance():
            pass


def is_running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize("jobs", others_long([1, 2, 3], 2))
def test_the_rows_are_those_of_one_process(log: Log, tools: ReadModelTools, jobs: int) -> None:
    log.append(*random_history(jobs, 6500))
    tools.fold_live(6500)
    tools.rebuilds.request([TALLIES.name])
    build(tools, jobs)
    log.append(*random_history(7, 300))
    tools.fold_live(6800)
    tools.build()
    assert tools.differences() == []
    assert stored(log.database, TALLIES, 2) == stored(log.database) == expected(log.events)


def test_every_process_has_a_part(log: Log, tools: ReadModelTools) -> None:
    """Each event of one of them is folded by it alone; small logs are not worth a process."""
    log.append(*random_history(1, 4 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    with builder(tools, 2) as (building, pool):
        building.advance()
        assert len(pool.process_ids) == 2
        while building.advance():
            pass
        pids = pool.process_ids
    assert not any(map(is_running, pids))
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_a_small_log_needs_no_process(log: Log, tools: ReadModelTools) -> None:
    log.append(*random_history(1, PAGE - 1))
    tools.rebuilds.request([TALLIES.name])
    with builder(tools, 2) as (building, pool):
        while building.advance():
            pass
        assert pool.process_ids == []
    assert stored(log.database, TALLIES, 2) == expected(log.events)


@pytest.mark.long
def test_one_that_cannot_be_split_is_folded_beside_the_others(postgres: Database, log: Log) -> None:
    assert not ARRIVALS.by_stream
    tools = ReadModelTools(postgres, *MODELS)
    tools.install()
    log.append(*random_history(3, 5 * PAGE))
    tools.fold_live(5 * PAGE)
    tools.rebuilds.request([model.name for model in MODELS])
    build(tools)
    for model in MODELS:
        assert tools.differences(model.name) == []
    assert stored(postgres, TALLIES, 2) == expected(log.events)


def test_poison_parks_its_stream_alone(postgres: Database, log: Log) -> None:
    tools = ReadModelTools(postgres, CHOOSY)
    tools.install()
    log.append(*changes_of_few_rows(7 * PAGE))
    tools.rebuilds.request([CHOOSY.name])
    build(tools)
    with postgres.connect_projector() as connection:
        (left_out,) = leases.parked_streams(connection, CHOOSY.name)
        stream = log.events[POISON - 1].stream
        events = [r for r in log.events if r.stream == stream and r.position >= POISON]
        assert (left_out.stream, left_out.events) == (stream, len(events))
        assert retry_parked(connection, [TALLIES], CHOOSY.name) == {stream: True}
    assert stored(postgres, TALLIES, 2) == expected(log.events)


@pytest.mark.long
def test_a_value_that_is_refused_parks_its_stream_alone(log: Log, tools: ReadModelTools) -> None:
    """It is folded, and refused when the window is packed."""
    bad = StockReceived("BAD", "A", 2**63, None)
    log.append(*changes_of_few_rows(PAGE), bad, *changes_of_few_rows(5 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    build(tools)
    rest = [r for r in log.events if r.event != bad]
    assert stored(log.database, TALLIES, 2) == expected(rest)


def test_a_builder_that_is_overtaken_writes_nothing_twice(log: Log, tools: ReadModelTools) -> None:
    """Another one folds the same build meanwhile."""
    log.append(*changes_of_few_rows(8 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    with builder(tools, 2, 0.001) as (one, _), tools.builder(PAGE, 0.001) as other:
        one.advance()
        other.step()
        while one.advance() or other.advance():
            pass
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def kill_one(building: Projector, pool: PartPool) -> None:
    """In the middle of a window, and fold on."""
    for _ in range(3):
        building.advance()
    os.kill(pool.process_ids[1], signal.SIGKILL)
    while building.advance():
        pass


def check_a_process_that_is_killed_ends_the_build_which_can_go_on(
    log: Log, tools: ReadModelTools
) -> None:
    log.append(*random_history(5, 9 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    with builder(tools, 2) as (building, pool):
        building.advance()
        pids = pool.process_ids
        with pytest.raises(PartFailed, match=r"exit code -9.* run the command again"):
            kill_one(building, pool)
    assert not any(map(is_running, pids)), "the other process goes on"
    interrupted = tools.builds()[1]
    assert interrupted.position < 9 * PAGE
    assert not interrupted.leased, "the lease was not given back"
    build(tools, 3)
    assert tools.builds()[1].indexed
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_a_process_that_is_killed_ends_the_build_which_can_go_on(
    log: Log, tools: ReadModelTools
) -> None:
    check_a_process_that_is_killed_ends_the_build_which_can_go_on(log, tools)


@pytest.mark.long
def test_sabotage_windows_are_collected_from_processes_that_have_ended(
    log: Log, tools: ReadModelTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position moves on without the rows of the window."""
    monkeypatch.setattr(PartPool, "require", lambda pool, generation: None)
    with pytest.raises(AssertionError):
        check_a_process_that_is_killed_ends_the_build_which_can_go_on(log, tools)


@pytest.mark.long
def test_a_build_goes_on_after_all_of_it_was_killed(postgres: Database, log: Log) -> None:
    """The process that writes, again and again; those that fold for it end by themselves."""
    tools = ReadModelTools(postgres, *MODELS)
    tools.install()
    log.append(*random_history(9, 10 * PAGE))
    requested = tools.rebuilds.request([model.name for model in MODELS])
    dice, reached, children = random.Random(4), [0], set[int]()
    while (process := start(postgres, PAGE, 2 * PAGE, jobs=2)).poll() is None:
        wait_until(
            lambda p=process: p.poll() is not None or tools.builds()[1].position > reached[-1],  # type: ignore[misc]  # mypy cannot tell a lambda's defaults
            seconds=120,
        )
        children |= children_of(process.pid)
        if len(reached) > 3:
            assert process.wait(60) == 0
            break
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(dice.uniform(0.0, 0.05)) == 0
            break
        process.kill()
        process.wait()
        reached.append(tools.builds()[1].position)
    assert len(reached) > 2, "it was never killed in the middle"
    assert reached == sorted(reached), "it went back"
    wait_until(lambda: not any(map(is_running, children)))
    tools.fold_live(10 * PAGE)
    for build in requested:
        assert tools.differences(build.name) == []
    assert stored(postgres, TALLIES, 2) == expected(log.events)


def children_of(pid: int) -> set[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return set(map(int, listed.stdout.split()))


@pytest.mark.long
def test_the_lease_is_kept_while_other_processes_fold(log: Log, tools: ReadModelTools) -> None:
    """Another builder, which would like to have it, never gets it."""
    log.append(*random_history(2, 30 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    stop, folded_elsewhere = threading.Event(), 0
    with (
        builder(tools, 2, lease_seconds=1.5) as (building, _),
        tools.builder(PAGE, lease_seconds=1.5) as other,
    ):
        building.advance()

        def wish() -> None:
            nonlocal folded_elsewhere
            while not stop.wait(0.02):
                folded_elsewhere += other.advance()

        wishing = threading.Thread(target=wish)
        wishing.start()
        try:
            while building.advance():
                pass
        finally:
            stop.set()
            wishing.join()
    assert folded_elsewhere == 0
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_what_is_cached_outlives_a_window(
    log: Log, tools: ReadModelTools, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process never folds a page of a build that can be split."""

    def no_page(*_: object) -> None:
        raise AssertionError("folded here")

    log.append(*changes_of_few_rows(6 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    monkeypatch.setattr(BulkWindows, "add", no_page)
    build(tools)
    assert stored(log.database, TALLIES, 2) == expected(log.events)
