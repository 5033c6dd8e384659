"""Windows of the bulk path are written whole, once and in order, or folded again; and no row is
read from the database while its write is in flight."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.commit import Commit, commit_unpipelined
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.project.projector import LIVE_PATH, Projector
from oms_ledger.engine.rebuild import windows as bulk
from oms_ledger.engine.rebuild.builder import bulk_path
from oms_ledger.engine.rebuild.windows import CachedFolding
from oms_ledger.kernel import Event
from tests.databases import Database
from tests.engine.project.log import Log, expected, stored
from tests.engine.project.tallies import TALLIES, refusing
from tests.engine.rebuild.build_process import MODELS, start
from tests.engine.rebuild.tools import ReadModelTools
from tests.resilience.hostile import wait_until

PAGE = 1000
"""The smallest that is folded in bulk."""


def changes_of_few_rows(count: int, keys: int = 250) -> list[Event]:
    """Events that change each of `keys` rows in every page, and so in every window."""
    return [StockReceived(f"S{n % keys}", "A", n, None) for n in range(count)]


def built(builder: Projector) -> None:
    with builder:
        while builder.advance():
            pass


Moves: TypeAlias = list[tuple[int, int]]
"""Committed moves of a position: from one, to another."""


def recording(
    tools: ReadModelTools, commit: Commit = commit_unpipelined
) -> tuple[Projector, Moves]:
    """A builder, and the moves that it has committed."""
    moves: Moves = []

    def recorded(connection: Connection, move: Sequence[Any], write: Callable[[], None]) -> None:
        commit(connection, move, write)
        moves.append((move[3], move[0]))

    return tools.builder(PAGE, path=replace(bulk_path(PAGE), commit=recorded)), moves


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of two pages each, and no cache of rows that are written."""
    monkeypatch.setattr(bulk, "WINDOW_EVENTS", 2 * PAGE)
    monkeypatch.setattr(bulk, "CACHED_ROWS", 0)


def test_a_window_of_many_pages_is_one_transaction(
    log: Log, tools: ReadModelTools, windows: None
) -> None:
    log.append(*changes_of_few_rows(5 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    builder, moves = recording(tools)
    built(builder)
    assert moves == [(0, 2 * PAGE), (2 * PAGE, 4 * PAGE), (4 * PAGE, 5 * PAGE)]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def check_windows_are_committed_in_order(log: Log, tools: ReadModelTools) -> None:
    """The first write is delayed until part of the second window is folded, which changes the same
    rows; those in the database are older by then."""
    log.append(*changes_of_few_rows(6 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    folded = threading.Event()

    def delayed(connection: Connection, move: Sequence[object], write: Callable[[], None]) -> None:
        if not moves:
            assert folded.wait(20), "nothing was folded while a write was in flight"
        commit_unpipelined(connection, move, write)

    builder, moves = recording(tools, delayed)
    with builder:
        for _ in range(3):
            builder.advance()
        assert moves == []
        folded.set()
        while builder.advance():
            pass
    assert moves == [(0, 2 * PAGE), (2 * PAGE, 4 * PAGE), (4 * PAGE, 6 * PAGE)]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_windows_are_committed_in_order_while_the_next_is_folded(
    log: Log, tools: ReadModelTools, windows: None
) -> None:
    check_windows_are_committed_in_order(log, tools)


def test_sabotage_rows_in_flight_are_read_from_the_database(
    log: Log, tools: ReadModelTools, windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then rows that exist are taken for new, and their insertion fails."""
    monkeypatch.setattr(CachedFolding, "sent", lambda folding, rows: folding.forget())
    with pytest.raises(AssertionError):
        check_windows_are_committed_in_order(log, tools)


def test_a_lost_connection_loses_nothing(log: Log, tools: ReadModelTools, windows: None) -> None:
    """The second window's transaction dies in the middle."""
    log.append(*changes_of_few_rows(6 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    broken: list[int] = []

    def breaking(connection: Connection, move: Sequence[Any], write: Callable[[], None]) -> None:
        def breaks() -> None:
            write()
            if move[3] == 2 * PAGE and not broken:
                broken.append(move[3])
                connection.close()

        commit_unpipelined(connection, move, breaks)

    builder, moves = recording(tools, breaking)
    stop = threading.Event()
    thread = threading.Thread(target=builder.run, args=(stop,))
    thread.start()
    wait_until(lambda: tools.builds()[1].indexed)
    stop.set()
    thread.join(20)
    assert broken == [2 * PAGE]
    assert [last for _, last in moves][:3] == [2 * PAGE, 4 * PAGE, 6 * PAGE]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_a_builder_that_is_overtaken_discards_its_window(
    log: Log, tools: ReadModelTools, windows: None
) -> None:
    """Another builder moves the build while a window is open."""
    log.append(*changes_of_few_rows(6 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    with tools.builder(PAGE, lease_seconds=0.001) as one, tools.builder(PAGE, 0.001) as other:
        one.advance()
        other.step()
        while one.advance() or other.advance():
            pass
    assert stored(log.database, TALLIES, 2) == expected(log.events)


@pytest.mark.parametrize("poison", [PAGE // 2, 3 * PAGE + 1, 5 * PAGE])
def test_poison_in_a_window_parks_its_stream_alone(
    postgres: Database, log: Log, windows: None, poison: int
) -> None:
    choosy = refusing(lambda r: r.position == poison)
    tools = ReadModelTools(postgres, choosy)
    tools.install()
    log.append(*changes_of_few_rows(6 * PAGE))
    tools.rebuilds.request([choosy.name])
    built(tools.builder(PAGE))
    with postgres.connect_projector() as connection:
        parked = retry_parked(connection, [TALLIES], choosy.name)
    assert parked == {log.events[poison - 1].stream: True}
    assert stored(postgres, TALLIES, 2) == expected(log.events)


def test_a_value_that_is_refused_when_it_is_written_parks_its_stream_alone(
    log: Log, tools: ReadModelTools, windows: None
) -> None:
    """A window of good rows and this one: folding went well."""
    bad = StockReceived("BAD", "A", 2**63, None)
    log.append(*changes_of_few_rows(PAGE), bad, *changes_of_few_rows(3 * PAGE))
    tools.rebuilds.request([TALLIES.name])
    built(tools.builder(PAGE))
    rest = [r for r in log.events if r.event != bad]
    assert stored(log.database, TALLIES, 2) == expected(rest)


def test_a_build_continues_after_a_kill_while_windows_are_written(
    postgres: Database, log: Log
) -> None:
    tools = ReadModelTools(postgres, *MODELS)
    tools.install()
    dice = random.Random(5)
    log.append(*(StockReceived(f"S{dice.randrange(300)}", "A", n, None) for n in range(12 * PAGE)))
    requested = tools.rebuilds.request([model.name for model in MODELS])
    reached = [0]
    while (process := start(postgres, PAGE, window_events=2 * PAGE)).poll() is None:
        wait_until(
            lambda p=process: p.poll() is not None or tools.builds()[1].position > reached[-1]  # type: ignore[misc]  # mypy cannot tell a lambda's defaults
        )
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(dice.uniform(0.0, 0.1)) == 0
            break
        process.kill()
        process.wait()
        reached.append(tools.builds()[1].position)
    assert len(reached) > 2, "it was never killed in the middle"
    assert reached == sorted(reached), "it went back"
    tools.fold_live(12 * PAGE)
    for build in requested:
        assert tools.differences(build.name) == []
    assert stored(postgres, TALLIES, 2) == expected(log.events)


# The live path, which writes a page while it folds the next.


def test_pages_of_the_live_path_are_committed_in_their_order(
    log: Log, tools: ReadModelTools
) -> None:
    """Each is committed only after the step that follows it has begun."""
    log.append(*changes_of_few_rows(4 * PAGE))
    positions: list[int] = []
    stepped = threading.Semaphore(0)

    def overlapping(connection: Connection, move: Sequence[Any], write: Callable[[], None]) -> None:
        assert stepped.acquire(timeout=20), "the page was not written by the other thread"
        LIVE_PATH.commit(connection, move, write)
        positions.append(move[0])

    path = replace(LIVE_PATH, commit=overlapping)
    connect = log.database.connect_projector
    with Projector(connect, [TALLIES], page_events=PAGE, path=path) as projector:
        while projector.advance():
            stepped.release()
    assert positions == [PAGE, 2 * PAGE, 3 * PAGE, 4 * PAGE]
    assert stored(log.database) == expected(log.events)


def test_a_step_has_written_what_it_folded(log: Log, tools: ReadModelTools) -> None:
    log.append(*changes_of_few_rows(2 * PAGE))
    with Projector(log.database.connect_projector, [TALLIES], page_events=PAGE) as projector:
        for n in (1, 2):
            assert projector.step() == PAGE
            assert tools.builds()[0].position == n * PAGE


@pytest.mark.parametrize("there", [0, PAGE // 2])
def test_reading_in_advance_overlooks_nothing(log: Log, tools: ReadModelTools, there: int) -> None:
    """The page after a full one is read in advance; it may be short or empty then, and grow."""
    log.append(*changes_of_few_rows(PAGE + there))
    with Projector(log.database.connect_projector, [TALLIES], page_events=PAGE) as projector:
        assert projector.step() == PAGE
        log.append(*changes_of_few_rows(PAGE // 4))
        sizes = []
        while size := projector.step():
            sizes.append(size)
    assert sum(sizes) == there + PAGE // 4
    assert stored(log.database) == expected(log.events)
