"""Building beside: a read model folded anew from the first event on, while the live one answers.

The bulk path folds many pages into rows in memory, and then writes what they have come to: a row
that ten events change is written once. PostgreSQL writes one such window while Python folds the
next. What is new goes in by COPY; indexes come last. Rows and position are one transaction as
ever: whoever dies in the middle is succeeded where the last window ended. A build that is done
follows the log until it is swapped or dropped.

However long the log, of each build no more is in memory than `CACHED_ROWS` rows that are in the
database too, two windows of `WINDOW_ROWS` changed rows, and what one page adds to that.
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
"""Changed rows of one build that are written together; a few kilobytes each at worst."""

WINDOW_EVENTS = 200_000
"""So many are not folded twice, at most, after a crash."""

CACHED_ROWS = 20_000
"""Of each build, at most, beside those of its windows; ten kilobytes each at worst."""

BULK_EVENTS = 1000
"""A page smaller than this is the end of the log, or of those that are ahead."""

COPY_ROWS = 20
"""Fewer are inserted with all the others: COPY is a round trip of its own."""


@dataclass(frozen=True, slots=True)
class CopyBatch:
    """Rows that are new."""

    statement: str
    data: bytes

    def send(self, connection: Connection) -> None:
        with connection.cursor().copy(self.statement) as copy:
            copy.write(self.data)


@dataclass(slots=True)
class Window:
    """What has been folded and not been handed over."""

    rows: RowBuffer
    last: Position = 0
    events: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def full(self) -> bool:
        return self.events >= WINDOW_EVENTS or self.rows.size >= WINDOW_ROWS


class CachedFolding(Folding):
    """A folding that keeps rows from window to window. What is on its way to the database is
    looked for among them first: there it is not yet as it is here. Then those touched last, which
    are as in the database for as long as nobody else writes there; the build's revision tells."""

    def __init__(self, build: Build) -> None:
        super().__init__(build)
        self._copied: dict[str, bool] = {}
        self._read_back: set[type[Row]] = set()
        self.forget()

    def forget(self) -> None:
        """To be called whenever it is not certain that all that was sent will arrive."""
        self._sent, self._recent, self._older = self._none(), self._none(), self._none()

    def send(self, page: RowBuffer) -> None:
        """These rows are on their way, and those before have arrived. When there are too many,
        those are let go that have not been touched since the last time."""
        for kind in self._read_back:
            self._recent[kind].update(self._sent[kind])
        if sum(map(len, self._recent.values())) > CACHED_ROWS // 2:
            self._older, self._recent = self._recent, self._none()
        self._sent = page.rows

    def _none(self) -> Rows:
        return {kind: {} for kind in self.tables}

    def _load(self, connection: Connection, named: Keys) -> Rows:
        self._read_back.update(kind for kind, keys in named.items() if keys)
        kept = {kind: self._kept(kind, keys) for kind, keys in named.items()}
        missing = {kind: keys - kept[kind].keys() for kind, keys in named.items()}
        loaded = super()._load(connection, missing)
        return {kind: rows | loaded[kind] for kind, rows in kept.items()}

    def _kept(
        self, kind: type[Row], keys: set[tuple[object, ...]]
    ) -> dict[tuple[object, ...], Row]:
        found = {}
        for places in (self._older, self._recent, self._sent):
            rows = places[kind]
            found.update({key: rows[key] for key in keys & rows.keys()})
        return found

    def batches(self, connection: Connection, page: RowBuffer) -> list[RowBatch]:
        """All that is to be written. `Poison` where a value cannot be sent."""
        return [
            batch
            for kind, rows in page.written()
            for batch in self._batches(connection, self.tables[kind], rows, page.new[kind])
        ]

    def _batches(
        self,
        connection: Connection,
        table: Table,
        rows: Sequence[Row],
        known_new: set[tuple[object, ...]],
    ) -> list[RowBatch]:
        new = [r for r in rows if table.append_only or table.key_of(r) in known_new]
        if len(new) < COPY_ROWS or not self._takes_copy(connection, table):
            return [pages.insert(table, rows)]
        try:
            copy = CopyBatch(table.copy, table.copied(new))
        except Exception as error:
            raise Poison(None, error) from error
        if len(new) == len(rows):
            return [copy]
        return [copy, pages.insert(table, [r for r in rows if table.key_of(r) not in known_new])]

    def _takes_copy(self, connection: Connection, table: Table) -> bool:
        """COPY converts nothing: the columns must be of the very types that are sent."""
        if table.name not in self._copied:
            found = connection.execute(SQL["column_types"], (table.name,)).fetchall()
            there = {str(name): oid for name, oid in found}
            wanted = zip(table.columns, table.types, strict=True)
            self._copied[table.name] = all(there.get(c) == t.stored_oid for c, t in wanted)
        return self._copied[table.name]


class Builder(Projector):
    """Folds the log into builds that are not live yet; several in one pass, where they are at one
    position. `owner` lends an owner's connection, for what only an owner may do. After each large
    page it rests, as many times as long as that took: others need the machine too."""

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
        self._look_at = 0.0
        self._windows: dict[Build, Window] = {}

    def _step(self, connection: Connection) -> int:
        started = time.monotonic()
        size = super()._step(connection)
        if size >= BULK_EVENTS:
            time.sleep(self._rest * (time.monotonic() - started))
        else:
            size += self._flush(connection)
            self._look_after()
        return size

    def _furnish(self, held: LeasedBuild) -> None:
        """Who asked for it may not have been the owner."""
        with self._owner() as owner:
            builds.furnish(owner, held.model, held.build.number)

    def _look_after(self) -> None:
        """What else there is to do for those that have come to the end of the log."""
        now = time.monotonic()
        held = [h for build, h in self._held.items() if self._paused_until.get(build, 0.0) <= now]
        furthest = max((h.position for h in held), default=0)
        for each in held:
            if not each.indexed and each.position == furthest:
                self._finish(each)
        if now >= self._look_at:
            self._look_at = now + PAUSE_SECONDS
            for each in held:
                if each.indexed:
                    self._succeed(each)

    def _finish(self, held: LeasedBuild) -> None:
        """Until then every page is a page in bulk; with indexes, pages are small."""
        self._forget(held.build)
        log.info("build_gets_indexes", read_model=str(held.build), position=held.position)
        with self._owner() as owner:
            done = builds.finish(owner, held.model, held.build.number)
        if not done:
            self._paused_until[held.build] = time.monotonic() + PAUSE_SECONDS
        self._renew_at = 0.0

    def _succeed(self, held: LeasedBuild) -> None:
        """Take the place of a live build that nobody can fold any more: the program that could was
        replaced by this one, and older answers help nobody."""
        name = held.model.name
        with self._owner() as owner:
            if not builds.left_alone(owner, name, self._shapes[name]):
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

    def _keeping(self, build: Build) -> CachedFolding:
        folding = self._folding(build)
        assert isinstance(folding, CachedFolding)
        return folding

    def _folded_position(self, held: LeasedBuild) -> Position:
        window = self._windows.get(held.build)
        return super()._folded_position(held) if window is None else window.last

    def _may_overlap(self, build: Build, page: LogPage) -> bool:
        return build in self._windows or page.size >= BULK_EVENTS

    def _fold_overlapped(self, connection: Connection, build: Build, page: LogPage) -> None:
        """Into the build's window, which is written when it is full, or the pages get smaller."""
        folding = self._keeping(build)
        window = self._windows.setdefault(build, Window(RowBuffer(folding.tables)))
        entries, left_out = self._without_parked(build, page.with_topics(folding.topics))
        folding.fold_into(window.rows, connection, entries)
        window.last = page.last
        window.events += page.size
        window.left_out += left_out
        if window.full or page.size < self._page_events:
            self._close_window(connection, build)

    def _close_window(self, connection: Connection, build: Build) -> None:
        window, folding = self._windows[build], self._keeping(build)
        batches = folding.batches(connection, window.rows)
        self._await_write(build)
        del self._windows[build]
        self._write_in_background(self._held[build], window.last, batches, window.left_out)
        folding.send(window.rows)

    def _flush(self, connection: Connection) -> int:
        for build, window in list(self._windows.items()):
            with self._isolated(connection, self._held[build], window.last):
                self._close_window(connection, build)
        return super()._flush(connection)

    def _reset(self, connection: Connection, build: Build) -> None:
        super()._reset(connection, build)
        self._forget(build)
        if self._held[build].position == 0:
            self._furnish(self._held[build])

    def _drop_lease(self, build: Build) -> None:
        super()._drop_lease(build)
        self._forget(build)

    def _renew_leases(self, connection: Connection) -> None:
        super()._renew_leases(connection)
        for build in self._windows.keys() - self._held.keys():
            self._forget(build)

    def _forget(self, build: Build) -> None:
        """What is at hand may not be what the database holds, or will hold."""
        self._windows.pop(build, None)
        self._keeping(build).forget()

    def _disconnect(self) -> None:
        super()._disconnect()
        for build in self._foldings:
            self._forget(build)

    def _fold_page(self, connection: Connection, held: LeasedBuild, page: LogPage) -> None:
        """What is written in parts is not kept."""
        self._forget(held.build)
        super()._fold_page(connection, held, page)

    def _transact(
        self, connection: Connection, move: Sequence[object], write: Callable[[], None]
    ) -> None:
        """Without a pipeline, in which there is no COPY."""
        connection.execute("BEGIN")
        commit_unpipelined(connection, move, write)
