"""The read path: fold pages of the log into read models, a page in a transaction.

Builds at the same position share the reading and decoding of a page. Each is then folded and
written by itself: rows and position in one transaction, and only if no other worker has moved the
position since. The rows of a large page are written while the next page is folded; each build has
at most one write in flight, so that its pages are committed in order, and no row is read whose
write is in flight.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import ClassVar, NamedTuple

import psycopg
import structlog

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project import pages, parked
from oms_ledger.engine.project.commit import Fenced, commit_pipelined
from oms_ledger.engine.project.connection_thread import ConnectionThread
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.pages import (
    Entry,
    Folding,
    LogPage,
    Poison,
    RowBatch,
    RowBuffer,
    StoredRows,
)
from oms_ledger.engine.project.runner import ProjectionRunner
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position, ReadModel

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
"""How long a build pauses after an error of its tables, while others go on."""

OVERLAP_EVENTS = 1000
"""A smaller page is written by the folding thread: the other thread would take longer."""


@dataclass(frozen=True, slots=True)
class InFlightWrite:
    """A transaction of the writing thread. `committed` gives the build after it, `position` is
    where it will be."""

    committed: Future[LeasedBuild]
    position: Position


class PageRange(NamedTuple):
    """The events of a page of the log: those with these stored names, after a position and up to
    and including another."""

    after: Position
    until: Position
    topics: Sequence[str]


class Projector(ProjectionRunner):
    """Folds the log into the live builds of `models` that no other worker has leased. Tests
    override the underscored steps to stop a projector in the middle.

    Per build: `_parked` are its parked streams, `_in_flight` its write of another thread. Up to
    `_cautious_until` it is folded and written in one thread, after a failure; until `_paused_until`
    (of `time.monotonic()`) it is not folded at all.
    """

    fenced_errors: ClassVar[tuple[type[Exception], ...]] = (Fenced,)
    """Errors which mean that another worker has moved or dropped the build."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        models: Sequence[ReadModel],
        *,
        page_events: int = 5000,
        lease_seconds: float = 10.0,
        on_page: Callable[[ReadModel, Position], None] = lambda model, position: None,
    ) -> None:
        super().__init__(connect, models, lease_seconds)
        self._foldings: dict[Build, Folding] = {}
        self._page_events = page_events
        self._parked: dict[Build, frozenset[str]] = {}
        self._write_thread = ConnectionThread(self._connect_without_waiting)
        self._reader = ConnectionThread(self._connect_without_waiting)
        self._ahead: tuple[PageRange, Future[StoredRows]] | None = None
        self._in_flight: dict[Build, InFlightWrite] = {}
        self._cautious_until: dict[Build, Position] = {}
        self._paused_until: dict[Build, float] = {}
        self._on_page = on_page

    # One page, all read models.

    def _step(self, connection: Connection) -> int:
        ready = self._ready(connection)
        if not ready:
            return 0
        after = min(self._folded_position(held) for held in ready)
        group = [held for held in ready if self._folded_position(held) == after]
        others = (
            self._folded_position(held) for held in ready if self._folded_position(held) > after
        )
        until = min(after + self._page_events, *others, after + self._page_events)
        topics = frozenset().union(*(self._folding(h.build).topics for h in group))
        page = self._next_page(connection, PageRange(after, until, tuple(sorted(topics))))
        if page is None:
            return self._flush(connection)
        for held in group:
            with self._isolated(connection, held, page.last):
                self._fold_build(connection, held, page)
        return page.size

    def _ready(self, connection: Connection) -> list[LeasedBuild]:
        """The leased builds that are not paused. Leases are renewed well before they expire."""
        now = time.monotonic()
        if now >= self._renew_at or not self._held:
            self._await_writes(connection)
            self._renew_leases(connection)
        return [
            held for build, held in self._held.items() if self._paused_until.get(build, 0.0) <= now
        ]

    def _folded_position(self, held: LeasedBuild) -> Position:
        """The position up to which it is folded, whether that is committed or in flight."""
        in_flight = self._in_flight.get(held.build)
        return held.position if in_flight is None else in_flight.position

    def _reset(self, connection: Connection, build: Build) -> None:
        self._parked[build] = parked.stream_ids(connection, build)

    def _folding(self, build: Build) -> Folding:
        if build not in self._foldings:
            self._foldings[build] = self._new_folding(build)
        return self._foldings[build]

    def _new_folding(self, build: Build) -> Folding:
        return Folding(build)

    def _read_rows(
        self, connection: Connection, after: Position, until: Position, topics: Sequence[str]
    ) -> StoredRows:
        return pages.read_rows(connection, after, until, topics)

    def _next_page(self, connection: Connection, wanted: PageRange) -> LogPage | None:
        """The page of a range. After a full, large page the next is read while this one is
        folded."""
        ahead, self._ahead = self._ahead, None
        rows = ahead[1].result() if ahead is not None and ahead[0] == wanted else ()
        rows = rows or self._read_rows(connection, *wanted)
        if len(rows) >= OVERLAP_EVENTS and rows[-1][0] == wanted.until:
            then = PageRange(wanted.until, wanted.until + self._page_events, wanted.topics)
            self._ahead = (then, self._reader.submit(lambda reader: self._read_rows(reader, *then)))
        return pages.page_of(rows)

    @contextmanager
    def _isolated(
        self, connection: Connection, held: LeasedBuild, until: Position
    ) -> Generator[None]:
        """Keeps an error of one build from the others. `until` is the position up to which the
        build may have been folded when it fails."""
        name, build = str(held.build), held.build
        try:
            yield
        except self.fenced_errors:
            log.info("fenced", read_model=name, position=held.position)
            self._drop_lease(build)
        except Poison as poison:
            log.info("folded_again", read_model=name, position=held.position, error=str(poison))
            self._drop_lease(build)
            self._cautious_until[build] = until
        except Exception:
            if connection.closed or self._write_thread.disconnected:
                raise
            # Its table is locked, dropped or altered: the other builds need not wait for it.
            log.exception("read_model_paused", read_model=name, position=held.position)
            self._drop_lease(build)
            self._paused_until[build] = time.monotonic() + PAUSE_SECONDS

    # One page, one read model.

    def _fold_build(self, connection: Connection, held: LeasedBuild, page: LogPage) -> None:
        """Fold and write a page. Where that has failed before, do so in parts, each of which is
        written before the next is folded."""
        cautious = self._folded_position(held) < self._cautious_until.get(held.build, 0)
        if self._may_overlap(held.build, page) and not cautious:
            self._fold_overlapped(connection, held.build, page)
        else:
            self._await_write(held.build)
            self._fold_page(connection, self._held[held.build], page)
            self._on_page(held.model, page.last)

    def _may_overlap(self, build: Build, page: LogPage) -> bool:
        return page.size >= OVERLAP_EVENTS

    def _fold_overlapped(self, connection: Connection, build: Build, page: LogPage) -> None:
        """Fold a page, and let the writing thread write it."""
        self._await_write(build)
        held = self._held[build]
        entries, left_out = self._without_parked(
            build, page.with_topics(self._folding(build).topics)
        )
        rows = self._fold(connection, held, entries)
        self._write_in_background(held, page.last, pages.inserts(rows), left_out)

    def _write_in_background(
        self, held: LeasedBuild, last: Position, batches: Sequence[RowBatch], left_out: Counter[str]
    ) -> None:
        def act(connection: Connection) -> LeasedBuild:
            write = _writer_of(connection, held.build, batches, left_out)
            return self._commit(connection, held, last, write)

        self._in_flight[held.build] = InFlightWrite(self._write_thread.submit(act), last)

    def _await_write(self, build: Build) -> None:
        """Wait until the write in flight is committed, if there is one; raises its error."""
        in_flight = self._in_flight.pop(build, None)
        if in_flight is not None:
            self._held[build] = held = in_flight.committed.result()
            self._on_page(build.model, held.position)

    def _drop_lease(self, build: Build) -> None:
        in_flight = self._in_flight.pop(build, None)
        if in_flight is not None:
            wait([in_flight.committed])
        super()._drop_lease(build)

    def _await_writes(self, connection: Connection) -> int:
        """Wait until no write is in flight; the number of builds that had one."""
        builds = list(self._in_flight)
        for build in builds:
            last = self._in_flight[build].position
            with self._isolated(connection, self._held[build], last):
                self._await_write(build)
        return len(builds)

    def _flush(self, connection: Connection) -> int:
        return self._await_writes(connection)

    def _fold_page(self, connection: Connection, held: LeasedBuild, page: LogPage) -> None:
        """Fold and write the whole page at once; around a poison event in halves down to that
        event, which is parked, and then in parts of double size."""
        rest = page.with_topics(self._folding(held.build).topics)
        size = len(rest)
        while True:
            part = rest[:size]
            last = page.last if size >= len(rest) else part[-1].position
            try:
                held = self._fold_part(connection, held, part, last)
            except Poison as poison:
                if len(part) > 1:
                    size = _next_size(part, poison)
                    continue
                held = self._park(connection, held, part[0], poison, last)
            rest = rest[size:]
            if not rest:
                return
            size *= 2

    def _fold_part(
        self, connection: Connection, held: LeasedBuild, part: Sequence[Entry], last: Position
    ) -> LeasedBuild:
        entries, left_out = self._without_parked(held.build, part)
        batches = pages.inserts(self._fold(connection, held, entries))
        write = _writer_of(connection, held.build, batches, left_out)
        return self._write(connection, held, last, write)

    def _without_parked(
        self, build: Build, entries: Sequence[Entry]
    ) -> tuple[Sequence[Entry], Counter[str]]:
        """The entries of streams that are not parked; and how many are left out, by stream."""
        out = self._parked.get(build)
        if not out:
            return entries, Counter()
        left_out = Counter(e.stream for e in entries if e.stream in out)
        return [e for e in entries if e.stream not in out], left_out

    def _fold(
        self, connection: Connection, held: LeasedBuild, entries: Sequence[Entry]
    ) -> RowBuffer:
        return self._folding(held.build).fold(connection, entries)

    def _park(
        self,
        connection: Connection,
        held: LeasedBuild,
        entry: Entry,
        poison: Poison,
        last: Position,
    ) -> LeasedBuild:
        build, stream, position = held.build, entry.stream, entry.position

        def write() -> None:
            parked.park(connection, build, stream, position, poison)

        held = self._write(connection, held, last, write)
        self._parked[build] |= {stream}
        log.error(
            "stream_parked",
            read_model=str(build),
            stream=stream,
            position=position,
            error=str(poison),
        )
        return held

    # One transaction.

    def _write(
        self, connection: Connection, held: LeasedBuild, last: Position, write: Callable[[], None]
    ) -> LeasedBuild:
        held = self._commit(connection, held, last, write)
        self._held[held.build] = held
        return held

    def _commit(
        self, connection: Connection, held: LeasedBuild, last: Position, write: Callable[[], None]
    ) -> LeasedBuild:
        """Write rows and position in one transaction, provided that the build is still at `held`;
        the build after that. Called by either thread."""
        try:
            self._transact(connection, (last, *held.build.key, held.position, held.revision), write)
        except (Poison, Fenced):
            connection.execute("ROLLBACK")
            raise
        except DATA_ERRORS as error:
            connection.execute("ROLLBACK")
            raise Poison(None, error) from error
        except psycopg.Error:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise
        return replace(held, position=last, revision=held.revision + 1)

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        commit_pipelined(connection, move, write)

    def _disconnect(self) -> None:
        self._write_thread.close()
        self._reader.close()
        self._in_flight.clear()
        self._ahead = None
        super()._disconnect()


def _writer_of(
    connection: Connection, build: Build, batches: Iterable[RowBatch], left_out: Counter[str]
) -> Callable[[], None]:
    def send() -> None:
        for batch in batches:
            batch.send(connection)
        parked.count_left_out(connection, build, left_out)

    return send


def _next_size(part: Sequence[Entry], poison: Poison) -> int:
    """How many events to try next: those before the poison event, or half of them where it is not
    known."""
    if poison.position is None:
        return len(part) // 2
    return max(1, sum(entry.position < poison.position for entry in part))
