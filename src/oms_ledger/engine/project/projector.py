"""The read path: fold pages of the log into read models, a page in a transaction.

Builds at the same position share the reading and decoding of a page. Each is then folded and
written by itself: rows and position in one transaction, and only if no other worker has moved the
position since. The rows of a large page are written while the next page is folded; each build has
at most one write in flight, so that its pages are committed in order, and no row is read whose
write is in flight.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, Self

import psycopg
import structlog

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project.build_run import BuildRun, OnPage
from oms_ledger.engine.project.commit import Commit, Fenced, commit_pipelined
from oms_ledger.engine.project.connection_thread import ConnectionThread
from oms_ledger.engine.project.leases import LeasedBuild, Leases
from oms_ledger.engine.project.page_source import PageRange, PageReader, PageSource
from oms_ledger.engine.project.pages import Poison
from oms_ledger.engine.project.session import POLL_SECONDS, ProjectorSession
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.project.windows import OVERLAP_EVENTS, PageWindows, Windows
from oms_ledger.engine.work.loops import BackOff, Loop
from oms_ledger.engine.work.state import new_holder
from oms_ledger.kernel import Position, ReadModel

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
"""How long a build pauses after an error of its tables, while others go on."""

BACK_OFF = BackOff(first_seconds=0.1, longest_seconds=5.0)
"""Shorter than for other loops: queries with `min_position` wait for read models."""


class Lifecycle(Protocol):
    """What happens to builds besides folding."""

    def begin(self, held: LeasedBuild) -> None:
        """A lease was acquired on a build of which nothing is committed yet."""

    def rest(self, seconds: float) -> None:
        """A large page was folded in so many seconds."""

    def reached_end(self, runs: Sequence[BuildRun]) -> bool:
        """These builds, which are leased and not paused, are written as far as they are folded, and
        the log has no large page more. Whether the leases are to be read again."""


@dataclass(frozen=True, slots=True)
class FoldPath:
    """How builds in one `state` of `engine/rebuild/builds.py` are folded and written.
    `fenced_errors` mean that another worker has moved or dropped the build, `fatal_errors` that no
    build can be folded on."""

    state: str = "live"
    windows: Callable[[Build], Windows] = PageWindows
    commit: Commit = commit_pipelined
    fenced_errors: tuple[type[Exception], ...] = (Fenced,)
    fatal_errors: tuple[type[Exception], ...] = ()
    source: Callable[[Callable[[], Connection]], PageSource] = PageReader
    session: Callable[[Callable[[], Connection]], ProjectorSession] = ProjectorSession


LIVE_PATH = FoldPath()


class Projector:
    """Folds the log into those builds of `models` that no other worker has leased: the live ones,
    or with another `path` those in its state. `connect` opens a connection in autocommit mode with
    the ledger's search_path. Used by one thread; `close` releases the leases."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        models: Sequence[ReadModel],
        *,
        page_events: int = 5000,
        lease_seconds: float = 10.0,
        on_page: OnPage = lambda model, position: None,
        path: FoldPath = LIVE_PATH,
        lifecycle: Lifecycle | None = None,
    ) -> None:
        self._path = path
        self._lifecycle = lifecycle
        self._page_events = page_events
        self._on_page = on_page
        self._session = path.session(connect)
        self._write_thread = ConnectionThread(self._session.connect_without_waiting)
        self._source = path.source(self._session.connect_without_waiting)
        self._leases = Leases(models, new_holder(), lease_seconds, path.state)
        self._renew_at = 0.0
        self._runs: dict[Build, BuildRun] = {}
        self._leased: list[BuildRun] = []
        self._freed_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Finish the writes and release the leases, so that another worker need not wait until they
        expire."""
        connection = self._session.current
        if connection is not None:
            with suppress(Exception):
                self._flush(connection)
            with suppress(Exception):
                self._leases.release(connection)
        self._disconnect()

    # The loop.

    def run(self, stop: threading.Event) -> None:
        """Fold until `stop` is set, whatever happens to the database meanwhile; then close."""
        Loop("projector", self.attempt, back_off=BACK_OFF).run(stop)
        self.close()

    def attempt(self, stop: threading.Event) -> bool:
        """The step of a loop: fold one page, or wait for more events; False where other workers
        fold all there is to fold."""
        try:
            if not self.advance():
                self._wait()
            return bool(self._leased) or not self._leases.held_by_others(self._session.connection())
        except Exception:
            self._disconnect()
            raise

    def catch_up(
        self,
        target: Position,
        progress: Callable[[Position], None] = lambda _: None,
        timeout_seconds: float = float("inf"),
    ) -> None:
        """Fold until every read model has reached `target`, here or in another worker.
        `TimeoutError` after `timeout_seconds`."""
        deadline = time.monotonic() + timeout_seconds
        while (reached := self.lowest_position()) < target:
            progress(reached)
            if time.monotonic() > deadline:
                raise TimeoutError(f"read models are at {reached} of {target}")
            if not self.advance():
                self._wait(min(0.1, POLL_SECONDS))
        progress(target)

    def step(self) -> int:
        """Fold and write one page into the builds that are furthest behind; the number of events. 0
        where all is folded, or other workers have the leases. `psycopg.OperationalError` where the
        database does not answer."""
        with self._disconnecting_on_outage():
            size = self._step(self._session.connection())
            self._flush(self._session.connection())
        return size

    def advance(self) -> int:
        """As `step`, but the write may still be in flight when it returns: PostgreSQL writes one
        page while the next is folded. Where it returns 0, no write is in flight."""
        with self._disconnecting_on_outage():
            return self._step(self._session.connection())

    def lowest_position(self) -> Position:
        """The position of the build that is furthest behind, whichever worker folds it."""
        return self._leases.lowest_position(self._session.connection())

    def _wait(self, seconds: float = POLL_SECONDS) -> None:
        """Wait for an event. Without a lease, for all of the time: what it would look for at each
        event are leases, which change seldom."""
        self._session.wait(seconds, until_event=bool(self._leased))

    @contextmanager
    def _disconnecting_on_outage(self) -> Generator[None]:
        try:
            yield
        except (psycopg.OperationalError, psycopg.InterfaceError):
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        self._write_thread.close()
        self._source.close()
        for run in self._leased:
            run.drop_lease()
        self._leased.clear()
        self._session.close()

    # One page, all read models.

    def _step(self, connection: Connection) -> int:
        started = time.monotonic()
        size = self._fold_next_page(connection)
        if self._lifecycle is None:
            return size
        if size >= OVERLAP_EVENTS:
            self._lifecycle.rest(time.monotonic() - started)
            return size
        size += self._flush(connection)
        if self._lifecycle.reached_end(self._ready()):
            self._renew_at = 0.0
        return size

    def _fold_next_page(self, connection: Connection) -> int:
        self._keep_leases(connection)
        ready = self._ready()
        if not ready:
            return 0
        positions = [run.folded_position for run in ready]
        after = min(positions)
        group = [run for run in ready if run.folded_position == after]
        until = min([after + self._page_events, *(p for p in positions if p > after)])
        topics = frozenset().union(*(run.folding.topics for run in group))
        page = self._source.next_page(connection, PageRange(after, until, tuple(sorted(topics))))
        if page is None:
            return self._flush(connection)
        for run in group:
            with self._isolated(connection, run, page.last):
                run.fold(connection, page)
        self._close_windows(connection, [run for run in group if run.has_full_window])
        return page.size

    def _flush(self, connection: Connection) -> int:
        """Write all that is folded, and wait until no write is in flight; the number of builds that
        had one."""
        self._close_windows(connection, [run for run in self._leased if run.has_window])
        return self._await_writes(connection)

    def _close_windows(self, connection: Connection, runs: Sequence[BuildRun]) -> None:
        """Begin to write the windows of these builds. Leases are kept while other processes
        fold."""
        for run in runs:
            if run.held is None:  # lost while those before were waited for
                continue
            with self._isolated(connection, run, run.folded_position):
                while not run.window_ready(self._leases.seconds / 3):
                    self._await_writes(connection)  # they have the rows of the leases locked
                    self._leases.renew(connection)
                if run.held is not None:
                    run.close_window(connection)

    def _await_writes(self, connection: Connection) -> int:
        """Wait until no write is in flight; the number of builds that had one."""
        writing = [(run, run.in_flight) for run in self._leased if run.in_flight is not None]
        for run, in_flight in writing:
            with self._isolated(connection, run, in_flight.position):
                run.await_write()
        return len(writing)

    # The leases.

    def _ready(self) -> list[BuildRun]:
        """The leased builds that are not paused."""
        now = time.monotonic()
        return [run for run in self._leased if run.paused_until <= now]

    def _keep_leases(self, connection: Connection) -> None:
        """Leases are renewed well before they expire."""
        if time.monotonic() >= self._renew_at or not self._leased:
            self._await_writes(connection)
            self._renew_leases(connection)

    def _renew_leases(self, connection: Connection) -> None:
        """Acquire the leases that are free, and renew those held here."""
        acquired = {held.build: held for held in self._leases.acquire(connection)}
        self._renew_at = time.monotonic() + self._leases.seconds / 3
        self._forget_others(acquired)
        self._leased = [self._run_of(build) for build in acquired]
        written = []
        for run, held in zip(self._leased, acquired.values(), strict=True):
            if run.held is None or run.held.revision != held.revision:
                written.append(run)
            run.held = held
        for run in written:
            run.reset(connection)
            if self._lifecycle is not None and run.lease.position == 0:
                self._lifecycle.begin(run.lease)

    def _forget_others(self, acquired: Collection[Build]) -> None:
        """Free what was kept of builds that were dropped or swapped, or that another worker has.
        With the last of them, end the threads that read and write, whose connections have large
        buffers; they begin again with the next build."""
        lost = [run for build, run in self._runs.items() if build not in acquired]
        for run in lost:
            run.drop_lease()
            self._freed_rows += run.freed_rows
            del self._runs[run.build]
        if lost and not acquired:
            self._source.close()
            self._write_thread.close()

    def take_freed_rows(self) -> int:
        """How many rows were discarded since the last call: memory that is free now."""
        freed, self._freed_rows = self._freed_rows, 0
        for run in self._runs.values():
            freed += run.freed_rows
            run.freed_rows = 0
        return freed

    def _run_of(self, build: Build) -> BuildRun:
        if build not in self._runs:
            windows = self._path.windows(build)
            self._runs[build] = BuildRun(
                build, windows, self._path.commit, self._write_thread, self._on_page
            )
        return self._runs[build]

    def _drop_lease(self, run: BuildRun) -> None:
        """Treat a build as not leased. The next renewal reads its position again."""
        run.drop_lease()
        self._leased = [each for each in self._leased if each is not run]
        self._renew_at = 0.0

    @contextmanager
    def _isolated(self, connection: Connection, run: BuildRun, until: Position) -> Generator[None]:
        """Keeps an error of one build from the others. `until` is the position up to which the
        build may have been folded when it fails."""
        name, position = str(run.build), run.lease.position
        try:
            yield
        except self._path.fenced_errors:
            log.info("fenced", read_model=name, position=position)
            self._drop_lease(run)
        except Poison as poison:
            log.info("folded_again", read_model=name, position=position, error=str(poison))
            self._drop_lease(run)
            run.cautious_until = until
        except self._path.fatal_errors:
            raise
        except Exception:
            if connection.closed or self._write_thread.disconnected:
                raise
            # Its table is locked, dropped or altered: the other builds need not wait for it.
            log.exception("read_model_paused", read_model=name, position=position)
            self._drop_lease(run)
            run.paused_until = time.monotonic() + PAUSE_SECONDS
