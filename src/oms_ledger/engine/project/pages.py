"""One page of the log, folded into one build: which events to decode, which rows to load and
write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import psycopg

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.binary import BinaryArray
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.log import codec
from oms_ledger.engine.log.upcasts import UPCASTS
from oms_ledger.engine.project.tables import Build, Table, tables_of
from oms_ledger.kernel import Page, Position, R, Recorded, Row

SQL = statements.queries(__package__)


@dataclass(frozen=True, slots=True)
class UndecodableEvent:
    """An event whose bytes cannot be decoded as the type of its stored name."""

    position: Position
    stream: str
    topic: str
    error: Exception


Entry: TypeAlias = Recorded | UndecodableEvent
Keys: TypeAlias = dict[type[Row], set[tuple[object, ...]]]
Rows: TypeAlias = dict[type[Row], dict[tuple[object, ...], Row]]


class Poison(Exception):
    """An event that a build cannot fold. `position` is None where the rows of several events were
    refused as a whole."""

    def __init__(self, position: Position | None, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.position = position


class EventPage(Protocol):
    """`size` consecutive events up to position `last`."""

    @property
    def last(self) -> Position: ...

    @property
    def size(self) -> int: ...

    def with_topics(self, topics: Collection[str]) -> list[Entry]:
        """The entries with these stored names."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """An `EventPage` that was read. `entries` are those of the topics that were read, and `topics`
    their stored names, in the same order."""

    last: Position
    size: int
    entries: Sequence[Entry]
    topics: Sequence[str]

    def with_topics(self, topics: Collection[str]) -> list[Entry]:
        pairs = zip(self.entries, self.topics, strict=True)
        return [entry for entry, topic in pairs if topic in topics]


def without_parked(
    entries: Sequence[Entry], parked: Collection[str]
) -> tuple[Sequence[Entry], Counter[str]]:
    """The entries of streams that are not parked; and how many are left out, by stream."""
    if not parked:
        return entries, Counter()
    left_out = Counter(e.stream for e in entries if e.stream in parked)
    return [e for e in entries if e.stream not in parked], left_out


def stored_names(types: Iterable[str]) -> list[str]:
    """The stored names of these event types: their own, and the older ones of upcasts."""
    wanted = set(types)
    return sorted(wanted | {old for old in UPCASTS if newest_name(old) in wanted})


def newest_name(topic: str) -> str:
    while topic in UPCASTS:
        topic = UPCASTS[topic][0]
    return topic


def read_page(
    connection: Connection, after: Position, until: Position, topics: Sequence[str]
) -> LogPage | None:
    """The events after a position and up to and including another, decoded; None without any."""
    return page_of(read_rows(connection, after, until, topics))


StoredRows: TypeAlias = Sequence[Sequence[Any]]
"""Stored events: position, stream, version, stored name, and bytes, which are None for other topics
than those that were read."""


def read_rows(
    connection: Connection, after: Position, until: Position, topics: Sequence[str]
) -> StoredRows:
    params = (list(topics), after, until)
    return connection.execute(SQL["log_page"], params, prepare=True, binary=True).fetchall()


def page_of(rows: StoredRows) -> LogPage | None:
    if not rows:
        return None
    wanted = [row for row in rows if row[4] is not None]
    return LogPage(rows[-1][0], len(rows), list(decode(wanted)), [row[3] for row in wanted])


def decode(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for position, stream, version, topic, state in rows:
        try:
            yield codec.recorded(position, stream, version, topic, state)
        except Exception as error:
            yield UndecodableEvent(position, stream, topic, error)


class RowBuffer:
    """The rows that events may read and change: a `kernel.Page`. Several pages may be folded into
    one buffer before it is written. By kind of row: `rows` are all that are loaded or changed,
    `changed` those to write, `new` the keys that the table does not have, `appended` rows without
    updates."""

    __slots__ = ("_finish", "_named", "_tables", "appended", "changed", "memo", "new", "rows")

    def __init__(
        self, tables: Mapping[type[Row], Table], finish: Callable[[Page], None] = lambda page: None
    ) -> None:
        self._tables = tables
        self._finish = finish
        self.memo: dict[object, object] = {}
        self._named: Keys = {kind: set() for kind in tables}
        self.rows: Rows = {kind: {} for kind in tables}
        self.changed: Rows = {kind: {} for kind in tables}
        self.new: Keys = {kind: set() for kind in tables}
        self.appended: dict[type[Row], list[Row]] = {
            kind: [] for kind, table in tables.items() if table.append_only
        }

    def load(self, named: Keys, missing: Keys, loaded: Rows) -> None:
        """Begin a page: the keys it names, those of them that were not in the buffer, and the rows
        that the table has for these."""
        self._named = named
        for kind, rows in loaded.items():
            self.rows[kind].update(rows)
            self.new[kind] |= missing[kind] - rows.keys()

    def get(self, kind: type[R], *key: object) -> R | None:
        row = self.rows[kind].get(key)
        if row is None and key not in self._named[kind]:
            raise LookupError(f"{kind.__name__} {key} is not among the rows that touches() named")
        return cast("R | None", row)

    def put(self, row: Row) -> None:
        kind = type(row)
        if kind in self.appended:
            self.appended[kind].append(row)
            return
        key = self._tables[kind].key_of(row)
        self.rows[kind][key] = self.changed[kind][key] = row

    def add(self, row: Row) -> None:
        kind = type(row)
        if kind in self.appended:
            self.appended[kind].append(row)
            return
        key = self._tables[kind].key_of(row)
        self.rows[kind][key] = self.changed[kind][key] = row
        self.new[kind].add(key)

    @property
    def size(self) -> int:
        """The number of rows to write."""
        return sum(map(len, self.changed.values())) + sum(map(len, self.appended.values()))

    def written(self) -> Iterator[tuple[type[Row], list[Row]]]:
        """The rows to write, by kind; kinds without any are left out. `Poison` where the read model
        cannot finish them."""
        try:
            self._finish(self)
        except Exception as error:
            raise Poison(None, error) from error
        for kind, table in self._tables.items():
            rows = self.appended[kind] if table.append_only else list(self.changed[kind].values())
            if rows:
                yield kind, rows

    def table(self, kind: type[Row]) -> Table:
        return self._tables[kind]

    def only_new(self, kind: type[Row]) -> bool:
        """Whether the table has none of the rows to write."""
        return kind in self.appended or self.changed[kind].keys() <= self.new[kind]


class Folding:
    """Folds events into the rows of one build. Holds no rows: those belong to a buffer."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.model = build.model
        self.tables = tables_of(build)
        self.topics = frozenset(stored_names(build.model.event_types))

    def new_buffer(self) -> RowBuffer:
        return RowBuffer(self.tables, self.model.finish)

    def fold(self, connection: Connection, entries: Sequence[Entry]) -> RowBuffer:
        """Load the rows that these events touch, and fold them. `Poison` names the first event that
        fails. Nothing is written."""
        page = self.new_buffer()
        self.fold_into(page, connection, entries)
        return page

    def fold_into(self, page: RowBuffer, connection: Connection, entries: Sequence[Entry]) -> None:
        """As `fold`, into a buffer that may have rows already."""
        named = self._named(entries)
        missing = {kind: keys - page.rows[kind].keys() for kind, keys in named.items()}
        page.load(named, missing, self._loaded(connection, missing))
        fold = self.model.fold
        for entry in entries:
            assert isinstance(entry, Recorded), "`_named` raises Poison for an undecodable event"
            try:
                fold(entry, page)
            except Exception as error:
                raise Poison(entry.position, error) from error

    def _named(self, entries: Sequence[Entry]) -> Keys:
        named: Keys = {kind: set() for kind in self.tables}
        touches = self.model.touches
        for entry in entries:
            if isinstance(entry, UndecodableEvent):
                raise Poison(entry.position, entry.error)
            try:
                for kind, key in touches(entry):
                    named[kind].add(key)
            except Exception as error:
                raise Poison(entry.position, error) from error
        return named

    def _loaded(self, connection: Connection, named: Keys) -> Rows:
        """As `_load`, but `Poison` where a key is no value of its column, such as a text with a
        NUL."""
        try:
            return self._load(connection, named)
        except DATA_ERRORS as error:
            raise Poison(None, error) from error
        except psycopg.Error:
            raise
        except Exception as error:  # it could not even be sent
            raise Poison(None, error) from error

    def _load(self, connection: Connection, named: Keys) -> Rows:
        rows: Rows = {kind: {} for kind in self.tables}
        if not any(named.values()):
            return rows
        with connection.pipeline():
            cursors = {
                kind: connection.execute(
                    table.select, table.key_arrays(list(keys)), prepare=True, binary=True
                )
                for kind, table in self.tables.items()
                if (keys := named[kind])
            }
        for kind, cursor in cursors.items():
            table = self.tables[kind]
            loaded = [table.row(values) for values in cursor.fetchall()]
            rows[kind] = {table.key_of(row): row for row in loaded}
        return rows


class RowBatch(Protocol):
    """Rows of one table, packed for a statement. Later changes of the rows have no effect on it."""

    def send(self, connection: Connection) -> None: ...


@dataclass(frozen=True, slots=True)
class InsertBatch:
    """Rows to insert, or by an upsert to update where the table has their keys."""

    statement: str
    arrays: Sequence[BinaryArray]

    def send(self, connection: Connection) -> None:
        connection.execute(self.statement, self.arrays, prepare=True)


def inserts(page: RowBuffer) -> list[RowBatch]:
    """Batches of all rows to write. `Poison` where a value cannot be packed, such as a number that
    is too large."""
    return [
        insert(page.table(kind), rows, new=page.only_new(kind)) for kind, rows in page.written()
    ]


def insert(table: Table, rows: Sequence[Row], *, new: bool) -> InsertBatch:
    """A batch of rows. `new`: the table has none of them, which costs PostgreSQL a third less than
    to be prepared for conflicts."""
    try:
        return InsertBatch(table.insert if new else table.upsert, table.arrays(rows))
    except Exception as error:
        raise Poison(None, error) from error


def write(connection: Connection, page: RowBuffer) -> None:
    """Write the rows in the caller's transaction. `Poison` where a value cannot be packed."""
    for batch in inserts(page):
        batch.send(connection)
