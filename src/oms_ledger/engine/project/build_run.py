"""One build that a projector folds: its lease, its parked streams, and its write in flight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

import structlog

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages, parked
from oms_ledger.engine.project.commit import Commit, FoldedWindow, commit_rows, commit_window
from oms_ledger.engine.project.connection_thread import ConnectionThread
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.pages import Entry, EventPage, Folding, Poison
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.project.windows import Windows
from oms_ledger.kernel import Position, ReadModel

log = structlog.get_logger(__name__)

OnPage = Callable[[ReadModel, Position], None]
"""Is called with each position that a build has reached, after the commit."""


@dataclass(frozen=True, slots=True)
class InFlightWrite:
    """A transaction of the writing thread. `committed` gives the build after it, `position` is
    where it will be."""

    committed: Future[LeasedBuild]
    position: Position


class BuildRun:
    """The folding of one build by one worker.

    Its windows are written by `write_thread` while the next is folded, each after the one before;
    small pages, and those of before `cautious_until`, by the folding thread. `held` is the build
    under this worker's lease, and None without one. Until `paused_until` (of `time.monotonic()`)
    it is not folded at all. `freed_rows` counts rows in memory that were discarded.
    """

    def __init__(
        self,
        build: Build,
        windows: Windows,
        commit: Commit,
        write_thread: ConnectionThread,
        on_page: OnPage = lambda model, position: None,
    ) -> None:
        self.build = build
        self.held: LeasedBuild | None = None
        self.cautious_until: Position = 0
        self.paused_until = 0.0
        self.freed_rows = 0
        self._windows = windows
        self._commit = commit
        self._write_thread = write_thread
        self._on_page = on_page
        self._parked = frozenset[str]()
        self._in_flight: InFlightWrite | None = None

    @property
    def lease(self) -> LeasedBuild:
        assert self.held is not None, f"{self.build} is not leased"
        return self.held

    @property
    def folding(self) -> Folding:
        return self._windows.folding

    @property
    def in_flight(self) -> InFlightWrite | None:
        return self._in_flight

    @property
    def has_window(self) -> bool:
        return self._windows.last is not None

    @property
    def has_full_window(self) -> bool:
        return self._windows.full

    def window_ready(self, seconds: float) -> bool:
        """Whether the open window is folded; waits at most so long."""
        return self._windows.ready(seconds)

    @property
    def folded_position(self) -> Position:
        """The position up to which it is folded, whether that is committed, in flight or neither
        yet."""
        if (last := self._windows.last) is not None:
            return last
        return self.lease.position if self._in_flight is None else self._in_flight.position

    def reset(self, connection: Connection) -> None:
        """Discard what is cached: another worker has written, or may have."""
        self._parked = parked.stream_ids(connection, self.build)
        self.discard()

    def discard(self) -> None:
        """Discard window and cache, which may differ from the tables."""
        self.freed_rows += self._windows.discard()

    def drop_lease(self) -> None:
        """Treat it as not leased, once its write in flight has ended."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            wait([in_flight.committed])
        self.held = None
        self.discard()

    # One page.

    def fold(self, connection: Connection, page: EventPage) -> None:
        """Fold and write a page. Where that has failed before, do so in parts, each of which is
        written before the next is folded."""
        cautious = self.folded_position < self.cautious_until
        if not cautious and self._windows.takes(page):
            self._fold_into_window(connection, page)
        else:
            self.await_write()
            self.fold_in_parts(connection, page)
            self._on_page(self.build.model, page.last)

    def _fold_into_window(self, connection: Connection, page: EventPage) -> None:
        if not self._windows.reads_in_flight:
            self.await_write()
        self._windows.add(connection, page, self._parked)
        if self._windows.full and not self._windows.folds_elsewhere:
            self.close_window(connection)

    def close_window(self, connection: Connection) -> None:
        """Let the writing thread write the open window, after the one before."""
        window = self._windows.folded(connection)
        self.await_write()
        self._write_in_background(window)
        self._windows.sent()

    def _write_in_background(self, window: FoldedWindow) -> None:
        held, commit = self.lease, self._commit

        def act(connection: Connection) -> LeasedBuild:
            return commit_window(commit, connection, held, window)

        self._in_flight = InFlightWrite(self._write_thread.submit(act), window.last)

    def await_write(self) -> None:
        """Wait until the write in flight is committed, if there is one; raises its error."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            self.held = in_flight.committed.result()
            self._on_page(self.build.model, self.held.position)

    def fold_in_parts(self, connection: Connection, page: EventPage) -> None:
        """Fold and write the whole page at once; around a poison event in halves down to that
        event, which is parked, and then in parts of double size."""
        self.discard()
        rest = page.with_topics(self.folding.topics)
        size = len(rest)
        while True:
            part = rest[:size]
            last = page.last if size >= len(rest) else part[-1].position
            try:
                self._fold_part(connection, part, last)
            except Poison as poison:
                if len(part) > 1:
                    size = _next_size(part, poison)
                    continue
                self._park(connection, part[0], poison, last)
            rest = rest[size:]
            if not rest:
                return
            size *= 2

    def _fold_part(self, connection: Connection, part: Sequence[Entry], last: Position) -> None:
        entries, left_out = pages.without_parked(part, self._parked)
        batches = pages.inserts(self.folding.fold(connection, entries))
        window = FoldedWindow(last, batches, left_out)
        self.held = commit_window(self._commit, connection, self.lease, window)

    def _park(self, connection: Connection, entry: Entry, poison: Poison, last: Position) -> None:
        build, stream, position = self.build, entry.stream, entry.position

        def write() -> None:
            parked.park(connection, build, stream, position, poison)

        self.held = commit_rows(self._commit, connection, self.lease, last, write)
        self._parked |= {stream}
        log.error(
            "stream_parked",
            read_model=str(build),
            stream=stream,
            position=position,
            error=str(poison),
        )


def _next_size(part: Sequence[Entry], poison: Poison) -> int:
    """How many events to try next: those before the poison event, or half of them where it is not
    known."""
    if poison.position is None:
        return len(part) // 2
    return max(1, sum(entry.position < poison.position for entry in part))
