"""The windows of a build that is folded anew: many pages long, and with a cache of rows.

A row which ten events change is written once a window. New rows are sent by COPY. However long the
log, the memory for one build is bounded by `CACHED_ROWS` rows that are in the database too, two
windows of `WINDOW_ROWS` changed rows, and the rows that one page adds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.commit import FoldedWindow
from oms_ledger.engine.project.pages import (
    EventPage,
    Folding,
    Keys,
    Poison,
    RowBatch,
    RowBuffer,
    Rows,
)
from oms_ledger.engine.project.tables import Build, Table
from oms_ledger.engine.project.windows import OVERLAP_EVENTS
from oms_ledger.kernel import Position, Row

SQL = statements.queries(__package__)

WINDOW_ROWS = 50_000
"""Changed rows of one build that are written together; a few kilobytes each at most."""

WINDOW_EVENTS = 200_000
"""Events of one window: at most so many are folded again after a crash."""

CACHED_ROWS = 20_000
"""Rows of one build that are cached beside those of its windows; ten kilobytes each at most."""

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


class BulkWindows:
    """Windows of many pages each. A page that is shorter than `page_events` is at the end of the
    log, or at the position of a build that is ahead, and ends its window."""

    reads_in_flight = True
    folds_elsewhere = False

    def __init__(self, build: Build, page_events: int) -> None:
        self.folding = CachedFolding(build)
        self._page_events = page_events
        self._window: Window | None = None
        self._ended = False

    @property
    def last(self) -> Position | None:
        return None if self._window is None else self._window.last

    @property
    def full(self) -> bool:
        return self._window is not None and (self._window.full or self._ended)

    def takes(self, page: EventPage) -> bool:
        return self._window is not None or page.size >= OVERLAP_EVENTS

    def add(self, connection: Connection, page: EventPage, parked: Collection[str]) -> None:
        if self._window is None:
            self._window = Window(self.folding.new_buffer())
        window = self._window
        entries, left_out = pages.without_parked(page.with_topics(self.folding.topics), parked)
        self.folding.fold_into(window.rows, connection, entries)
        window.last = page.last
        window.events += page.size
        window.left_out += left_out
        self._ended = page.size < self._page_events

    def ready(self, seconds: float) -> bool:
        return True

    def folded(self, connection: Connection) -> FoldedWindow:
        assert self._window is not None, "a window is open"
        batches = self.folding.batches(connection, self._window.rows)
        return FoldedWindow(self._window.last, batches, self._window.left_out)

    def sent(self) -> None:
        assert self._window is not None, "a window is open"
        self.folding.sent(self._window.rows)
        self._window = None

    def discard(self) -> int:
        rows = 0 if self._window is None else self._window.rows.size
        self._window = None
        return rows + self.folding.forget()
