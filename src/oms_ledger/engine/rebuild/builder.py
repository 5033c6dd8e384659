"""Folds a read model anew from the first event on, into a build beside the live one.

The bulk path folds many pages (a window) into rows in memory and then writes the rows, so that a
row which ten events change is written once. PostgreSQL writes one window while Python folds the
next. New rows are sent by COPY; indexes are made last. Rows and position are one transaction: after
a crash another worker continues where the last window ended. A finished build follows the log until
it is swapped or dropped.

However long the log, the memory for one build is bounded by `CACHED_ROWS` rows that are in the
database too, two windows of `WINDOW_ROWS` changed rows, and the rows that one page adds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

import structlog
from psycopg import errors

from oms_ledger.domain.errors import OmsError
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.commit import Fenced, commit_unpipelined
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.pages import (
    Folding,
    Keys,
    LogPage,
    Poison,
    RowBatch,
    RowBuffer,
    Rows,
)
from oms_ledger.engine.project.projector import PAUSE_SECONDS, Projector
from oms_ledger.engine.project.tables import Build, Table
from oms_ledger.engine.rebuild import builds
from oms_ledger.kernel import Position, ReadModel, Row

Owner: TypeAlias = Callable[[], AbstractContextManager[Connection]]

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

PAGE_EVENTS = 10_000

WINDOW_ROWS = 50_000
"""Changed rows of one build that are written together; a few kilobytes each at most."""

WINDOW_EVENTS = 200_000
"""Events of one window: at most so many are folded again after a crash."""

CACHED_ROWS = 20_000
"""Rows of one build that are cached beside those of its windows; ten kilobytes each at most."""

BULK_EVENTS = 1000
"""A smaller page ends at the end of the log, or at the position of a build that is ahead."""

COPY_ROWS = 20
"""Fewer new rows are inserted with all others: COPY is a round trip of its own."""


@dataclass(frozen=True, slots=True)
class CopyBatch:
    """Rows that the table does not have, in the binary format of COPY."""

    statement: str
    data: bytes

    def send(self, connection: Connection) -> None:
        with connection.cursor().copy(self.statement) as copy:
            copy.write(self.data)


@dataclass(slots=True)
class Window:
    """Rows of `events` events up to position `last` that are folded and not yet sent. `left_out`
    counts events of parked streams."""

    rows: RowBuffer
    last: Position = 0
    events: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        return self.events >= WINDOW_EVENTS or self.rows.size >= WINDOW_ROWS


class CachedFolding(Folding):
    """Caches rows between windows. Looks first in the window that is being written, whose rows the
    database does not have yet, then in an LRU of written rows, which is valid as long as the
    build's `revision` is that of this worker. Kinds of which no row is ever loaded are not
    cached."""

    def __init__(self, build: Build) -> None:
        super().__init__(build)
        self._copyable: dict[str, bool] = {}
        self._loaded_kinds: set[type[Row]] = set()
        self._sent, self._recent, self._older = self._empty(), self._empty(), self._empty()

    def forget(self) -> int:
        """Empty the cache; the number of rows that were in it. Called whenever rows that were sent
        may not be committed."""
        caches = (self._sent, self._recent, self._older)
        self._sent, self._recent, self._older = self._empty(), self._empty(), self._empty()
        return sum(len(rows) for cache in caches for rows in cache.values())

    def sent(self, buffer: RowBuffer) -> None:
        """Note that these rows are being written, and that those before are committed. When there
        are too many, rows are dropped that were not used since the last time."""
        for kind in self._loaded_kinds:
            self._recent[kind].update(self._sent[kind])
        if sum(map(len, self._recent.values())) > CACHED_ROWS // 2:
            self._older, self._recent = self._recent, self._empty()
        self._sent = buffer.rows

    def _empty(self) -> Rows:
        return {kind: {} for kind in self.tables}

    def _load(self, connection: Connection, named: Keys) -> Rows:
        self._loaded_kinds.update(kind for kind, keys in named.items() if keys)
        cached = {kind: self._cached(kind, keys) for kind, keys in named.items()}
        missing = {kind: keys - cached[kind].keys() for kind, keys in named.items()}
        loaded = super()._load(connection, missing)
        return {kind: rows | loaded[kind] for kind, rows in cached.items()}

    def _cached(
        self, kind: type[Row], keys: set[tuple[object, ...]]
    ) -> dict[tuple[object, ...], Row]:
        newest: dict[tuple[object, ...], Row] = {}
        for cache in (self._older, self._recent, self._sent):
            rows = cache[kind]
            newest.update({key: rows[key] for key in keys & rows.keys()})
        return newest

    def batches(self, connection: Connection, buffer: RowBuffer) -> list[RowBatch]:
        """Batches of all rows to write. `Poison` where a value cannot be packed."""
        return [
            batch
            for kind, rows in buffer.written()
            for batch in self._batches(connection, self.tables[kind], rows, buffer.new[kind])
        ]

    def _batches(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Row],
        new_keys: set[tuple[object, ...]],
    ) -> list[RowBatch]:
        new = [r for r in rows if table.append_only or table.key_of(r) in new_keys]
        if len(new) < COPY_ROWS or not self._takes_copy(connection, table):
            return [pages.insert(table, rows, new=len(new) == len(rows))]
        try:
            copy = CopyBatch(table.copy, table.copied(new))
        except Exception as error:
            raise Poison(None, error) from error
        if len(new) == len(rows):
            return [copy]
        others = [r for r in rows if table.key_of(r) not in new_keys]
        return [copy, pages.insert(table, others, new=False)]

    def _takes_copy(self, connection: Connection, table: Table) -> bool:
        """Whether the columns have exactly the types that are sent: COPY converts nothing."""
        if table.name not in self._copyable:
            rows = connection.execute(SQL["column_types"], (table.name,)).fetchall()
            oids = {str(name): oid for name, oid in rows}
            sent = zip(table.columns, table.types, strict=True)
            self._copyable[table.name] = all(oids.get(c) == t.stored_oid for c, t in sent)
        return self._copyable[table.name]


class Builder(Projector):
    """Folds the log into builds that are building; several in one pass, where they are at one
    position. `owner` lends a connection of the owner, for tables and swaps. After each large page
    it pauses `rest` times as long as the page took."""

    state: ClassVar[str] = builds.BUILDING
    fenced_errors: ClassVar[tuple[type[Exception], ...]] = (Fenced, errors.UndefinedTable)

    def __init__(
        self,
        connect: Callable[[], Connection],
        owner: Owner,
        models: Sequence[ReadModel],
        *,
        page_events: int = PAGE_EVENTS,
        lease_seconds: float = 10.0,
        rest: float = 0.0,
        on_page: Callable[[ReadModel, Position], None] = lambda model, position: None,
    ) -> None:
        super().__init__(
            connect, models, page_events=page_events, lease_seconds=lease_seconds, on_page=on_page
        )
        self._owner = owner
        self._rest = rest
        self._shapes = {m.name: {o.version for o in models if o.name == m.name} for m in models}
        self._next_orphan_check = 0.0
        self._windows: dict[Build, Window] = {}
        self._freed_rows = 0

    def _step(self, connection: Connection) -> int:
        started = time.monotonic()
        size = super()._step(connection)
        if size >= BULK_EVENTS:
            time.sleep(self._rest * (time.monotonic() - started))
        else:
            size += self._flush(connection)
            self._complete_builds()
        return size

    def _make_tables(self, held: LeasedBuild) -> None:
        """Where the build was requested without the rights of the owner."""
        with self._owner() as owner:
            builds.make_tables(owner, held.model, held.build.number)

    def _complete_builds(self) -> None:
        """Make indexes of builds that have reached the end of the log, and replace orphaned live
        builds by those that are indexed."""
        now = time.monotonic()
        held = [h for build, h in self._held.items() if self._paused_until.get(build, 0.0) <= now]
        furthest = max((h.position for h in held), default=0)
        for each in held:
            if not each.indexed and each.position == furthest:
                self._make_indexes(each)
        if now >= self._next_orphan_check:
            self._next_orphan_check = now + PAUSE_SECONDS
            for each in held:
                if each.indexed:
                    self._replace_orphaned(each)

    def _make_indexes(self, held: LeasedBuild) -> None:
        """Indexes come when all of the log is folded: rows are written faster without."""
        self._discard(held.build)
        log.info("build_gets_indexes", read_model=str(held.build), position=held.position)
        with self._owner() as owner:
            done = builds.make_indexes(owner, held.model, held.build.number)
        if not done:
            self._paused_until[held.build] = time.monotonic() + PAUSE_SECONDS
        self._renew_at = 0.0

    def _replace_orphaned(self, held: LeasedBuild) -> None:
        """Swap the build in where no worker folds the live one any more: the program that did was
        replaced by this one."""
        name = held.model.name
        with self._owner() as owner:
            if not builds.is_orphaned(owner, name, self._shapes[name]):
                return
            try:
                builds.swap(owner, name, held.build.number, seconds=1.0)
            except OmsError as error:
                log.warning("not_swapped", read_model=str(held.build), error=error.detail)
            else:
                log.info("swapped", read_model=str(held.build))

    # Windows.

    def _new_folding(self, build: Build) -> Folding:
        return CachedFolding(build)

    def _cached_folding(self, build: Build) -> CachedFolding:
        folding = self._folding(build)
        assert isinstance(folding, CachedFolding)
        return folding

    def _folded_position(self, held: LeasedBuild) -> Position:
        window = self._windows.get(held.build)
        return super()._folded_position(held) if window is None else window.last

    def _may_overlap(self, build: Build, page: LogPage) -> bool:
        return build in self._windows or page.size >= BULK_EVENTS

    def _fold_overlapped(self, connection: Connection, build: Build, page: LogPage) -> None:
        """Fold into the build's window, which is written when it is full or the page is not."""
        folding = self._cached_folding(build)
        window = self._windows.setdefault(build, Window(folding.new_buffer()))
        entries, left_out = self._without_parked(build, page.with_topics(folding.topics))
        folding.fold_into(window.rows, connection, entries)
        window.last = page.last
        window.events += page.size
        window.left_out += left_out
        if window.full or page.size < self._page_events:
            self._close_window(connection, build)

    def _close_window(self, connection: Connection, build: Build) -> None:
        window, folding = self._windows[build], self._cached_folding(build)
        batches = folding.batches(connection, window.rows)
        self._await_write(build)
        del self._windows[build]
        self._write_in_background(self._held[build], window.last, batches, window.left_out)
        folding.sent(window.rows)

    def _flush(self, connection: Connection) -> int:
        for build, window in list(self._windows.items()):
            with self._isolated(connection, self._held[build], window.last):
                self._close_window(connection, build)
        return super()._flush(connection)

    def _reset(self, connection: Connection, build: Build) -> None:
        super()._reset(connection, build)
        self._discard(build)
        if self._held[build].position == 0:
            self._make_tables(self._held[build])

    def _drop_lease(self, build: Build) -> None:
        super()._drop_lease(build)
        self._discard(build)

    def _renew_leases(self, connection: Connection) -> None:
        super()._renew_leases(connection)
        gone = self._foldings.keys() - self._held.keys()
        for build in gone:
            self._discard(build)
            del self._foldings[build]
        if gone and not self._held:
            self._release_threads()

    def _release_threads(self) -> None:
        """End the threads that read and write, whose connections have large buffers. They begin
        again with the next build."""
        self._ahead = None
        self._write_thread.close()
        self._reader.close()

    def _discard(self, build: Build) -> None:
        """Discard window and cache, which may differ from the tables."""
        window = self._windows.pop(build, None)
        self._freed_rows += self._cached_folding(build).forget()
        self._freed_rows += 0 if window is None else window.rows.size

    def take_freed_rows(self) -> int:
        """How many rows were discarded since the last call: memory that is free now."""
        freed, self._freed_rows = self._freed_rows, 0
        return freed

    def _disconnect(self) -> None:
        super()._disconnect()
        for build in self._foldings:
            self._discard(build)

    def _fold_page(self, connection: Connection, held: LeasedBuild, page: LogPage) -> None:
        """A page that is written in parts is not cached."""
        self._discard(held.build)
        super()._fold_page(connection, held, page)

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        """Without a pipeline, because COPY cannot run in one."""
        connection.execute("BEGIN")
        commit_unpipelined(connection, move, write)
