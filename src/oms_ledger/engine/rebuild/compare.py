"""Compares two builds of a read model, row by row: which rows and columns differ.

Both are brought to one position and read in one snapshot, so that events after it are in neither.
The database computes checksums of a thousand rows at a time; rows are fetched where these differ.
Memory does not grow with the tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.statements import table_name
from oms_ledger.engine.project import pages
from oms_ledger.engine.project.build_run import BuildRun
from oms_ledger.engine.project.commit import Fenced, commit_unpipelined
from oms_ledger.engine.project.connection_thread import ConnectionThread
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.session import ProjectorSession
from oms_ledger.engine.project.tables import Build
from oms_ledger.engine.project.windows import PageWindows
from oms_ledger.engine.rebuild import builds
from oms_ledger.engine.rebuild.builds import BuildRecord
from oms_ledger.kernel import Position, ReadModel

Values: TypeAlias = Mapping[str, str | None]
Key: TypeAlias = tuple[str, ...]

SQL = statements.queries(__package__)

PAGE_ROWS = 1000
"""Rows of one checksum."""

FETCH_ROWS = 500

NEAR_EVENTS = 5000
"""How far behind one build may be for the other to be locked while it catches up."""

TIMEOUT_SECONDS = 60.0
"""How long to try to bring two builds to one position before `Unavailable`."""


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that differs between two builds. Values are texts as PostgreSQL casts them; None for
    `one` or `other` means that the build has no such row."""

    table: str
    key: Values
    one: Values | None
    other: Values | None

    @property
    def columns(self) -> list[str]:
        """The columns that differ; all columns where a row is missing."""
        one, other = self.one or {}, self.other or {}
        return [name for name in one or other if one.get(name) != other.get(name)] or list(
            one or other
        )

    def __str__(self) -> str:
        key = ", ".join(f"{name} {value}" for name, value in self.key.items())
        if self.one is None or self.other is None:
            return f"{self.table} {key}: only in {'one' if self.other is None else 'the other'}"
        changes = (f"{c} {self.one[c]} is {self.other[c]}" for c in self.columns)
        return f"{self.table} {key}: {', '.join(changes)}"


@dataclass(frozen=True, slots=True)
class TablePair:
    """A table in two builds: its primary key, and the columns to compare."""

    table: str
    one: sql.Identifier
    other: sql.Identifier
    key: Sequence[str]
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two builds at one position. Valid until the block of `comparison` ends."""

    one: BuildRecord
    other: BuildRecord
    position: Position
    pairs: Sequence[TablePair]
    connection: Connection

    def differences(
        self, progress: Callable[[str, int], None] = lambda table, rows: None
    ) -> Iterator[RowDifference]:
        """The rows that differ, in the order of tables and keys. `progress` gets the table, and the
        number of its rows compared so far (of the build that has more)."""
        for pair in self.pairs:
            done = 0
            for bounds in _ranges(self.connection, pair):
                one, other = _counts(self.connection, pair, bounds)
                if one != other or (one and not _same(self.connection, pair, bounds)):
                    yield from _differing(self.connection, pair, bounds)
                done += max(one, other)
                progress(pair.table, done)


@contextmanager
def comparison(
    connect: Callable[[], Connection],
    models: Sequence[ReadModel],
    one: BuildRecord,
    other: BuildRecord,
    *,
    ignoring: Collection[str] = (),
    seconds: float = TIMEOUT_SECONDS,
) -> Generator[Comparison]:
    """Compare two builds of a read model, in the tables and columns that both have. `ignoring`
    names columns (`table.column`) that are not compared. Projectors may be folding both: the build
    that is ahead is locked for a moment, until the other is where it is. `Unavailable` where that
    does not succeed within `seconds`."""
    with (
        closing(connect()) as snapshot,
        at_one_position(connect, models, one, other, snapshot, seconds) as position,
    ):
        pairs = list(_pairs(snapshot, one, other, ignoring))
        yield Comparison(one, other, position, pairs, snapshot)


# One position.


@contextmanager
def at_one_position(
    connect: Callable[[], Connection],
    models: Sequence[ReadModel],
    one: BuildRecord,
    other: BuildRecord,
    snapshot: Connection,
    seconds: float,
) -> Generator[Position]:
    """In this block the connection `snapshot` has a snapshot in which both builds are at one
    position."""
    deadline = time.monotonic() + seconds
    with closing(connect()) as lock, closing(BuildCatchUp(connect, models)) as catch_up:
        while True:
            position = _meet(lock, snapshot, catch_up, one, other)
            if position is not None:
                break
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{one} and {other} were not brought to one position in {seconds:g} s."
                    " Compare when there is less to do, or start a worker."
                )
            time.sleep(0.02)
    try:
        snapshot.execute(SQL["plan_comparison"])
        yield position
    finally:
        with suppress(psycopg.Error):
            snapshot.execute("ROLLBACK")


def _meet(
    lock: Connection,
    snapshot: Connection,
    catch_up: BuildCatchUp,
    one: BuildRecord,
    other: BuildRecord,
) -> Position | None:
    """Lock the build that is ahead, bring the other to its position, and take the snapshot before
    unlocking. None where the other has gone further, or is more than NEAR_EVENTS behind."""
    both = (builds.find_build(lock, *one.key), builds.find_build(lock, *other.key))
    behind, ahead = sorted(both, key=lambda build: build.position)
    if ahead.position - behind.position > NEAR_EVENTS:
        catch_up.fold(behind, min(ahead.position, behind.position + NEAR_EVENTS))
        return None
    with lock.transaction():
        row = lock.execute(SQL["lock_position"], ahead.key).fetchone()
        if row is None:
            return None
        catch_up.fold(behind, row[0])
        snapshot.execute(SQL["begin_snapshot"])
        positions = _positions(snapshot, one, other)
    if len(set(positions)) == 1:
        return positions[0]
    snapshot.execute("ROLLBACK")
    return None


def _positions(connection: Connection, one: BuildRecord, other: BuildRecord) -> list[Position]:
    numbers = [one.number, other.number]
    return [row[0] for row in connection.execute(SQL["positions"], (one.name, numbers)).fetchall()]


class BuildCatchUp:
    """Folds one build up to a position and no further. Another worker that folds it waits for the
    lock, and is then fenced."""

    def __init__(self, connect: Callable[[], Connection], models: Sequence[ReadModel]) -> None:
        self._models = {(model.name, model.version): model for model in models}
        self._session = ProjectorSession(connect)

    def close(self) -> None:
        self._session.close()

    def fold(self, record: BuildRecord, target: Position) -> None:
        """Fold one page, up to `target`. Does nothing where this program lacks the code of its
        shape."""
        model = self._models.get((record.name, record.shape))
        if model is None:
            return
        connection, build = self._session.connection(), Build(model, record.number)
        connection.execute("BEGIN")
        try:
            row = connection.execute(SQL["lock_revision"], record.key).fetchone()
            if row is not None and row[0] < target:
                self._fold_page(connection, LeasedBuild(build, *row), target)
        except Fenced:  # between the parts of a page that holds a poison event
            pass
        finally:
            if not connection.closed:
                connection.execute("ROLLBACK")

    def _fold_page(self, connection: Connection, held: LeasedBuild, target: Position) -> None:
        thread = ConnectionThread(self._session.connect_without_waiting)
        run = BuildRun(held.build, PageWindows(held.build), commit_unpipelined, thread)
        run.held = held
        run.reset(connection)
        topics = sorted(run.folding.topics)
        page = pages.read_page(connection, held.position, target, topics)
        if page is not None:
            run.fold_in_parts(connection, page)


# Tables.


def _pairs(
    connection: Connection, one: BuildRecord, other: BuildRecord, ignoring: Collection[str]
) -> Iterator[TablePair]:
    for table in one.tables:
        if table not in other.tables:
            continue
        names = [table_name(table, build.number) for build in (one, other)]
        keys = [_names(connection, SQL["primary_key"], name) for name in names]
        other_columns = _names(connection, SQL["columns"], names[1])
        columns = [
            column
            for column in _names(connection, SQL["columns"], names[0])
            if column in other_columns and f"{table}.{column}" not in ignoring
        ]
        if keys[0] == keys[1]:
            yield TablePair(
                table, sql.Identifier(names[0]), sql.Identifier(names[1]), keys[0], columns
            )


def _names(connection: Connection, statement: str, table: str) -> list[str]:
    return [str(name) for (name,) in connection.execute(statement, (table,)).fetchall()]


Bounds: TypeAlias = tuple[Key | None, Key | None]
"""Keys after the first, up to the second; None is no bound."""


def _ranges(connection: Connection, pair: TablePair) -> Iterator[Bounds]:
    """All keys there can be, in ranges with at most a thousand rows of the larger table."""
    sizes = [_count(connection, table, sql.SQL("true")) for table in (pair.one, pair.other)]
    larger = pair.one if sizes[0] >= sizes[1] else pair.other
    statement = sql.SQL(SQL["key_ranges"]).format(
        key=_list(pair.key), texts=_texts(pair.key), table=larger, size=sql.Literal(PAGE_ROWS)
    )
    ends = (tuple(map(str, row)) for row in _stream(connection, statement))
    yield from pairwise(_between_nothing(ends))


def _between_nothing(ends: Iterator[Key]) -> Iterator[Key | None]:
    yield None
    yield from ends
    yield None


def _counts(connection: Connection, pair: TablePair, bounds: Bounds) -> tuple[int, int]:
    within = _within(pair, bounds)
    return _count(connection, pair.one, within), _count(connection, pair.other, within)


def _same(connection: Connection, pair: TablePair, bounds: Bounds) -> bool:
    within = _within(pair, bounds)
    return _sum(connection, pair, pair.one, within) == _sum(connection, pair, pair.other, within)


def _count(connection: Connection, table: sql.Identifier, within: sql.Composable) -> int:
    statement = sql.SQL(SQL["count_rows"]).format(table=table, within=within)
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _sum(
    connection: Connection, pair: TablePair, table: sql.Identifier, within: sql.Composable
) -> object:
    statement = sql.SQL(SQL["checksum"]).format(
        columns=_list(pair.columns), key=_list(pair.key), table=table, within=within
    )
    row = connection.execute(statement).fetchone()
    return row and row[0]


def _differing(connection: Connection, pair: TablePair, bounds: Bounds) -> Iterator[RowDifference]:
    within, columns = _within(pair, bounds), pair.columns
    query = sql.SQL(SQL["differing_rows"]).format(
        keys=sql.SQL(", ").join(
            sql.SQL("coalesce(a.{0}, b.{0})::text").format(sql.Identifier(name))
            for name in pair.key
        ),
        ones=_texts(columns, "a"),
        others=_texts(columns, "b"),
        one=pair.one,
        other=pair.other,
        within=within,
        match=sql.SQL(" AND ").join(
            sql.SQL("a.{0} = b.{0}").format(sql.Identifier(name)) for name in pair.key
        ),
        order=sql.SQL(", ").join(
            sql.SQL("coalesce(a.{0}, b.{0})").format(sql.Identifier(name)) for name in pair.key
        ),
    )
    width, keys = len(columns), len(pair.key)
    for row in _stream(connection, query):
        here, there = row[keys], row[keys + 1]
        values = row[keys + 2 :]
        yield RowDifference(
            pair.table,
            dict(zip(pair.key, row[:keys], strict=True)),
            dict(zip(columns, values[:width], strict=True)) if here else None,
            dict(zip(columns, values[width:], strict=True)) if there else None,
        )


def _within(pair: TablePair, bounds: Bounds) -> sql.Composable:
    after, until = bounds
    key = _list(pair.key)
    conditions: list[sql.Composable] = []
    for sign, bound in ((">", after), ("<=", until)):
        if bound is not None:
            values = sql.SQL(", ").join(map(sql.Literal, bound))
            conditions.append(sql.SQL("({}) " + sign + " ({})").format(key, values))
    return sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true")


def _stream(connection: Connection, statement: sql.Composed) -> Iterator[tuple[Any, ...]]:
    """By a cursor of the server's, some rows at a time."""
    with connection.cursor(f"compared_{time.monotonic_ns()}") as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(statement)
        yield from cursor


def _list(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _texts(names: Sequence[str], table: str = "") -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(table, name) if table else sql.Identifier(name))
        for name in names
    )
