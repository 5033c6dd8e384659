"""What the bulk path leaves to be written later: it arrives whole, once and in order, or is folded
again; and no row is taken from the database that is still on its way there."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.parked import retry_parked
from oms_ledger.engine.project.projector import Projector
from oms_ledger.engine.rebuild import builder
from oms_ledger.engine.rebuild.builder import Builder, CachedFolding
from oms_ledger.kernel import Event
from tests.databases import Database
from tests.engine.project.log import Log, expected, stored
from tests.engine.project.tallies import TALLIES, refusing
from tests.engine.rebuild.builds import MODELS, start
from tests.engine.rebuild.site import Site
from tests.resilience.hostile import wait_until

PAGE = 1000
"""The smallest that is folded in bulk."""


def busy(count: int, keys: int = 250) -> list[Event]:
    """Each row changes every few hundred events: in every window, and in every page."""
    return [StockReceived(f"S{n % keys}", "A", n, None) for n in range(count)]


def built(builder: Builder) -> None:
    with builder:
        while builder.advance():
            pass


class Recording(Builder):
    """Notes what is committed, by position; delays some of it, and holds what comes too early."""

    def __init__(self, site: Site, delay: Callable[[int], None] = lambda nth: None) -> None:
        super().__init__(site.database.connect_projector, site.owner, site.models, page_events=PAGE)
        self.moves: list[tuple[int, int]] = []
        self._delay = delay

    def _transact(
        self, connection: Connection, move: Sequence[Any], write: Callable[[], None]
    ) -> None:
        self._delay(len(self.moves))
        super()._transact(connection, move, write)
        self.moves.append((move[3], move[0]))


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two pages each. And nothing is kept that the database has too."""
    monkeypatch.setattr(builder, "WINDOW_EVENTS", 2 * PAGE)
    monkeypatch.setattr(builder, "CACHED_ROWS", 0)


def test_a_window_of_many_pages_is_one_transaction(log: Log, site: Site, windows: None) -> None:
    log.append(*busy(5 * PAGE))
    site.rebuilds.ask([TALLIES.name])
    builder = Recording(site)
    built(builder)
    assert builder.moves == [(0, 2 * PAGE), (2 * PAGE, 4 * PAGE), (4 * PAGE, 5 * PAGE)]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def check_windows_arrive_in_their_order(log: Log, site: Site) -> None:
    """The first is held back until part of the second has been folded: its rows are changed
    meanwhile, and what the database holds by then is older."""
    log.append(*busy(6 * PAGE))
    site.rebuilds.ask([TALLIES.name])
    folded = threading.Event()

    def delay(nth: int) -> None:
        if nth == 0:
            assert folded.wait(20), "nothing was folded while a window was on its way"

    builder = Recording(site, delay)
    with builder:
        for _ in range(3):
            builder.advance()
        assert builder.moves == []
        folded.set()
        while builder.advance():
            pass
    assert builder.moves == [(0, 2 * PAGE), (2 * PAGE, 4 * PAGE), (4 * PAGE, 6 * PAGE)]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_windows_arrive_in_their_order_while_the_next_is_folded(
    log: Log, site: Site, windows: None
) -> None:
    check_windows_arrive_in_their_order(log, site)


def test_sabotage_what_is_on_its_way_is_read_from_the_database(
    log: Log, site: Site, windows: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then rows seem to be new that are not, which is found out when they get there."""
    monkeypatch.setattr(CachedFolding, "send", lambda folding, rows: folding.forget())
    with pytest.raises(AssertionError):
        check_windows_arrive_in_their_order(log, site)


def test_a_lost_connection_loses_nothing(log: Log, site: Site, windows: None) -> None:
    """The second window's transaction dies in the middle."""
    log.append(*busy(6 * PAGE))
    site.rebuilds.ask([TALLIES.name])
    broken: list[int] = []

    class Breaking(Recording):
        def _transact(
            self, connection: Connection, move: Sequence[Any], write: Callable[[], None]
        ) -> None:
            def breaks() -> None:
                write()
                if move[3] == 2 * PAGE and not broken:
                    broken.append(move[3])
                    connection.close()

            super()._transact(connection, move, breaks)

    builder, stop = Breaking(site), threading.Event()
    thread = threading.Thread(target=builder.run, args=(stop,))
    thread.start()
    wait_until(lambda: site.builds()[1].indexed)
    stop.set()
    thread.join(20)
    assert broken == [2 * PAGE]
    assert [last for _, last in builder.moves][:3] == [2 * PAGE, 4 * PAGE, 6 * PAGE]
    assert stored(log.database, TALLIES, 2) == expected(log.events)


def test_who_is_overtaken_forgets_its_window(log: Log, site: Site, windows: None) -> None:
    """Somebody else brings the build further while a window is open."""
    log.append(*busy(6 * PAGE))
    site.rebuilds.ask([TALLIES.name])
    with site.builder(PAGE, lease_seconds=0.001) as one, site.builder(PAGE, 0.001) as other:
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
    site = Site(postgres, choosy)
    site.install()
    log.append(*busy(6 * PAGE))
    site.rebuilds.ask([choosy.name])
    built(site.builder(PAGE))
    with postgres.connect_projector() as connection:
        parked = retry_parked(connection, [TALLIES], choosy.name)
    assert parked == {log.events[poison - 1].stream: True}
    assert stored(postgres, TALLIES, 2) == expected(log.events)


def test_a_value_that_is_refused_when_it_is_written_parks_its_stream_alone(
    log: Log, site: Site, windows: None
) -> None:
    """A window of good rows and this one: folding went well."""
    bad = StockReceived("BAD", "A", 2**63, None)
    log.append(*busy(PAGE), bad, *busy(3 * PAGE))
    site.rebuilds.ask([TALLIES.name])
    built(site.builder(PAGE))
    rest = [r for r in log.events if r.event != bad]
    assert stored(log.database, TALLIES, 2) == expected(rest)


def test_killed_while_windows_are_on_their_way_a_build_goes_on(
    postgres: Database, log: Log
) -> None:
    site = Site(postgres, *MODELS)
    site.install()
    dice = random.Random(5)
    log.append(*(StockReceived(f"S{dice.randrange(300)}", "A", n, None) for n in range(12 * PAGE)))
    asked = site.rebuilds.ask([model.name for model in MODELS])
    reached = [0]
    while (process := start(postgres, PAGE, window_events=2 * PAGE)).poll() is None:
        wait_until(
            lambda p=process: p.poll() is not None or site.builds()[1].position > reached[-1]  # type: ignore[misc]  # mypy cannot tell a lambda's defaults
        )
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(dice.uniform(0.0, 0.1)) == 0
            break
        process.kill()
        process.wait()
        reached.append(site.builds()[1].position)
    assert len(reached) > 2, "it was never killed in the middle"
    assert reached == sorted(reached), "it went back"
    site.follow(12 * PAGE)
    for build in asked:
        assert site.differences(build.name) == []
    assert stored(postgres, TALLIES, 2) == expected(log.events)


# The live path, which writes a page while it folds the next.


class Overlapping(Projector):
    """Writes each page only when the step after it has begun."""

    def __init__(self, database: Database) -> None:
        super().__init__(database.connect_projector, [TALLIES], page_events=PAGE)
        self.positions: list[int] = []
        self.stepped = threading.Semaphore(0)

    def _transact(
        self, connection: Connection, move: Sequence[Any], write: Callable[[], None]
    ) -> None:
        assert self.stepped.acquire(timeout=20), "the page was not left to the other thread"
        super()._transact(connection, move, write)
        self.positions.append(move[0])


def test_pages_of_the_live_path_are_committed_in_their_order(log: Log, site: Site) -> None:
    log.append(*busy(4 * PAGE))
    with Overlapping(log.database) as projector:
        while projector.advance():
            projector.stepped.release()
    assert projector.positions == [PAGE, 2 * PAGE, 3 * PAGE, 4 * PAGE]
    assert stored(log.database) == expected(log.events)


def test_a_step_has_written_what_it_folded(log: Log, site: Site) -> None:
    log.append(*busy(2 * PAGE))
    with Projector(log.database.connect_projector, [TALLIES], page_events=PAGE) as projector:
        for n in (1, 2):
            assert projector.step() == PAGE
            assert site.builds()[0].position == n * PAGE


@pytest.mark.parametrize("there", [0, PAGE // 2])
def test_reading_in_advance_overlooks_nothing(log: Log, site: Site, there: int) -> None:
    """The page after a full one is read at once: it may be short, or empty, and grow."""
    log.append(*busy(PAGE + there))
    with Projector(log.database.connect_projector, [TALLIES], page_events=PAGE) as projector:
        assert projector.step() == PAGE
        log.append(*busy(PAGE // 4))
        sizes = []
        while size := projector.step():
            sizes.append(size)
    assert sum(sizes) == there + PAGE // 4
    assert stored(log.database) == expected(log.events)
