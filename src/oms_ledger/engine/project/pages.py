"""One page of the log and one read model: what to decode, which rows to load, what to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from oms_ledger.kernel import Position, R, Recorded, Row

SQL = statements.queries(__package__)


@dataclass(frozen=True, slots=True)
class Undecodable:
    """An event whose bytes are not what its name says."""

    position: Position
    stream: str
    topic: str
    error: Exception


Entry: TypeAlias = Recorded | Undecodable
Keys: TypeAlias = dict[type[Row], set[tuple[object, ...]]]
Rows: TypeAlias = dict[type[Row], dict[tuple[object, ...], Row]]


class Poison(Exception):
    """A read model cannot take an event in. `position` is None where all that is known is that
    the rows as a whole were refused."""

    def __init__(self, position: Position | None, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.position = position


@dataclass(frozen=True, slots=True)
class LogPage:
    """Consecutive events up to `last`, each entry beside the name it is stored under. Those that
    nobody wants are not among the entries."""

    last: Position
    size: int
    entries: Sequence[Entry]
    topics: Sequence[str]

    def among(self, topics: Collection[str]) -> list[Entry]:
        """The entries that are stored under these names."""
        pairs = zip(self.entries, self.topics, strict=True)
        return [entry for entry, topic in pairs if topic in topics]


def stored_names(types: Iterable[str]) -> list[str]:
    """These event types, and the older names under which some may be stored."""
    wanted = set(types)
    return sorted(wanted | {old for old in UPCASTS if newest_name(old) in wanted})


def newest_name(topic: str) -> str:
    while topic in UPCASTS:
        topic = UPCASTS[topic][0]
    return topic


def pull(
    connection: Connection, after: Position, until: Position, topics: Sequence[str]
) -> LogPage | None:
    """The events after a position and up to another, each decoded once; None if there are none."""
    return page_of(fetch(connection, after, until, topics))


Stored: TypeAlias = Sequence[Sequence[Any]]
"""Events as they are stored: position, stream, version, name, and bytes where they are wanted."""


def fetch(
    connection: Connection, after: Position, until: Position, topics: Sequence[str]
) -> Stored:
    params = (list(topics), after, until)
    return connection.execute(SQL["log_page"], params, prepare=True, binary=True).fetchall()


def page_of(rows: Stored) -> LogPage | None:
    if not rows:
        return None
    wanted = [row for row in rows if row[4] is not None]
    return LogPage(rows[-1][0], len(rows), list(decoded(wanted)), [row[3] for row in wanted])


def decoded(rows: Iterable[Sequence[Any]]) -> Iterator[Entry]:
    for position, stream, version, topic, state in rows:
        try:
            yield codec.recorded(position, stream, version, topic, state)
        except Exception as error:
            yield Undecodable(position, stream, topic, error)


class RowsAtHand:
    """The rows that events may see and change; a `kernel.Page`. Several pages may be folded into
    the same rows before they are written."""

    __slots__ = ("_named", "_tables", "appended", "changed", "new", "rows")

    def __init__(self, tables: Mapping[type[Row], Table]) -> None:
        self._tables = tables
        self._named: Keys = {kind: set() for kind in tables}
        self.rows: Rows = {kind: {} for kind in tables}
        self.changed: Rows = {kind: {} for kind in tables}
        self.new: Keys = {kind: set() for kind in tables}
        self.appended: dict[type[Row], list[Row]] = {
            kind: [] for kind, table in tables.items() if table.append_only
        }

    def take(self, named: Keys, missing: Keys, found: Rows) -> None:
        """What the next page names, what of it was not at hand, and what was found of that."""
        self._named = named
        for kind, rows in found.items():
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
        self.put(row)
        kind = type(row)
        if kind not in self.appended:
            self.new[kind].add(self._tables[kind].key_of(row))

    @property
    def size(self) -> int:
        """How many rows there are to write."""
        return sum(map(len, self.changed.values())) + sum(map(len, self.appended.values()))

    def written(self) -> Iterator[tuple[type[Row], list[Row]]]:
        """What is to be written, by table."""
        for kind, table in self._tables.items():
            rows = self.appended[kind] if table.append_only else list(self.changed[kind].values())
            if rows:
                yield kind, rows

    def table(self, kind: type[Row]) -> Table:
        return self._tables[kind]


class Folding:
    """One build of a read model with its tables. Holds no rows: those belong to a page."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.model = build.model
        self.tables = tables_of(build)
        self.topics = frozenset(stored_names(build.model.event_types))

    def fold(self, connection: Connection, entries: Sequence[Entry]) -> RowsAtHand:
        """Load what these events touch, and fold them in. `Poison` names the first that fails;
        nothing has been written then."""
        page = RowsAtHand(self.tables)
        self.fold_into(page, connection, entries)
        return page

    def fold_into(self, page: RowsAtHand, connection: Connection, entries: Sequence[Entry]) -> None:
        """As `fold`, into what is at hand already."""
        named = self._named(entries)
        missing = {kind: keys - page.rows[kind].keys() for kind, keys in named.items()}
        page.take(named, missing, self._loaded(connection, missing))
        fold = self.model.fold
        for entry in entries:
            assert isinstance(entry, Recorded), "an undecodable event was found poisonous before"
            try:
                fold(entry, page)
            except Exception as error:
                raise Poison(entry.position, error) from error

    def _named(self, entries: Sequence[Entry]) -> Keys:
        named: Keys = {kind: set() for kind in self.tables}
        touches = self.model.touches
        for entry in entries:
            if isinstance(entry, Undecodable):
                raise Poison(entry.position, entry.error)
            try:
                for kind, key in touches(entry):
                    named[kind].add(key)
            except Exception as error:
                raise Poison(entry.position, error) from error
        return named

    def _loaded(self, connection: Connection, named: Keys) -> Rows:
        """`Poison` where a key is no value of its column, such as a text with a NUL in it."""
        try:
            return self._load(connection, named)
        except DATA_ERRORS as error:
            raise Poison(None, error) from error
        except psycopg.Error:
            raise
        except Exception as error:  # it could not even be sent
            raise Poison(None, error) from error

    def _load(self, connection: Connection, named: Keys) -> Rows:
        with connection.pipeline():
            found = {
                kind: connection.execute(
                    table.select, table.key_arrays(list(keys)), prepare=True, binary=True
                )
                for kind, table in self.tables.items()
                if (keys := named[kind])
            }
        rows: Rows = {kind: {} for kind in self.tables}
        for kind, cursor in found.items():
            table = self.tables[kind]
            loaded = [table.row(values) for values in cursor.fetchall()]
            rows[kind] = {table.key_of(row): row for row in loaded}
        return rows


class Parcel(Protocol):
    """Rows of one table, packed; whoever changes a row afterwards does not change these."""

    def send(self, connection: Connection) -> None: ...


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows that are new, or take the place of those with their keys."""

    statement: str
    arrays: Sequence[BinaryArray]

    def send(self, connection: Connection) -> None:
        connection.execute(self.statement, self.arrays, prepare=True)


def inserts(page: RowsAtHand) -> list[Parcel]:
    """All that is to be written. `Poison` where a value cannot be sent, such as a number too
    large."""
    return [insert(page.table(kind), rows) for kind, rows in page.written()]


def insert(table: Table, rows: Sequence[Row]) -> Insert:
    try:
        return Insert(table.insert, table.arrays(rows))
    except Exception as error:
        raise Poison(None, error) from error


def write(connection: Connection, page: RowsAtHand) -> None:
    """Send the changed rows, in the caller's transaction. `Poison` where a value cannot be sent."""
    for parcel in inserts(page):
        parcel.send(connection)
