"""Readers: the named statements of a read model and the log, in one snapshot of the database."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import LiteralString, cast

from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from oms_ledger.domain.errors import AsOfNotSupported, NotFound, ReadModelBehind, invalid_field
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Pool
from oms_ledger.engine.log import clock, codec, positions
from oms_ledger.engine.log.position_waits import PositionWaiter
from oms_ledger.engine.log.snapshots import NEWEST, SnapshotDecoder, shape_of
from oms_ledger.engine.log.store import SnapshotRow
from oms_ledger.engine.project import leases
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.engine.read.query import QueryRequest, QueryResult, execute, read_model_behind, run
from oms_ledger.engine.work import consequences, cursors, state
from oms_ledger.kernel import (
    Position,
    Query,
    ReadModel,
    Recorded,
    S,
    State,
    stream_id,
)

SQL = statements.queries(__package__)

FEED_SCAN_POSITIONS = 20_000
"""Positions that one page of the feed searches for events of rare types."""

SNAPSHOTS_PAGE = 200
"""Snapshots read at a time."""


@dataclass(frozen=True, slots=True)
class ReadPoint:
    """What a transaction sees: the position of a read model, the number of its live build and the
    stable names of its tables. For the log alone: the head, without build and tables."""

    position: Position
    build: int = 0
    tables: tuple[str, ...] = ()


class PostgresReader:
    """A `kernel.Reader` over one connection, within one transaction; of the log it reads nothing
    after its position. `package` has the read model's `queries.sql`; None: the log alone."""

    def __init__(
        self,
        connection: Connection,
        package: str | None,
        point: ReadPoint,
        snapshots: SnapshotDecoder,
    ) -> None:
        self.position = point.position
        self._snapshots = snapshots
        self._connection = connection
        self._package = package
        self._point = point

    @property
    def transaction(self) -> TransactionStatus:
        """The state of the transaction: INTRANS until a statement fails or the connection is
        lost."""
        return self._connection.info.transaction_status

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        if self._package is None:
            raise LookupError(f"no statement {statement!r}: this reads the log alone")
        given = frozenset(name for name, value in params.items() if value is not None)
        text = statements.on_build(
            self._package, statement, self._point.tables, self._point.build, given
        )
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text.encode(), params).fetchall()

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        return self._recorded(SQL["history"], stream, after_version, self.position, limit)

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        names = stored_names(types) if types else None
        return self._recorded(SQL["feed"], after, self.position, names, names, limit)

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        last = self.position if until is None else min(until, self.position)
        stream = stream_id(kind, key)
        state = self._snapshot(kind, stream, last)
        for r in self._recorded(SQL["history"], stream, state.version, last, None):
            state.apply(r.event)
            state.version = r.version
        return state

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        first = stream_id(kind, prefix)
        bounds = {"first": first, "end": first[:-1] + chr(ord(first[-1]) + 1)}
        params = {**bounds, "after": stream_id(kind, after), "limit": limit}
        rows = self._connection.execute(
            SQL["streams"], {**params, "position": self.position}
        ).fetchall()
        return sorted(str(stream).partition("-")[2] for (stream,) in rows)

    def _snapshot(self, kind: type[S], stream: str, last: Position) -> S:
        """The newest saved state at or before `last` that is not damaged; the empty state where
        there is none."""
        below = NEWEST
        while True:
            bounds = (stream, shape_of(stream), last, below)
            row = self._connection.execute(SQL["snapshot"], bounds, binary=True).fetchone()
            if row is None:
                return kind()
            folded = self._snapshots.decode(SnapshotRow(*row))
            if folded is not None:
                return cast(S, folded.state)
            below = row[1]

    def _recorded(self, statement: LiteralString, *params: object) -> list[Recorded]:
        rows = self._connection.execute(statement, params, binary=True).fetchall()
        return [codec.recorded(*row) for row in rows]


class DetachedLog:
    """The log up to a position, without a transaction that stays open: each call takes a connection
    of its own. The log never changes, so all calls see the same events."""

    def __init__(self, readers: Readers, position: Position) -> None:
        self.position = position
        self._readers = readers

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        with self._readers.settled(self.position) as log:
            return log.history(stream, after_version, limit)

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        read = self._readers.as_of if types else self._readers.settled
        with read(self.position) as log:
            return log.events(after, limit, types)

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        with self._readers.settled(self.position) as log:
            return log.fold(kind, key, until)

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        with self._readers.as_of(self.position) as log:
            return log.keys(kind, prefix, after, limit)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of the log. `next_after` is the position to continue after; it lies beyond the last
    item when later events had other types. `head` is the newest position."""

    items: Sequence[Recorded]
    next_after: Position
    head: Position


class Readers:
    """Runs queries and opens readers on one ledger. Used by any number of threads. The caller calls
    `close`, and closes the pool."""

    def __init__(
        self, pool: Pool, models: Sequence[ReadModel], snapshots: SnapshotDecoder | None = None
    ) -> None:
        self._pool = pool
        self._snapshots = snapshots or SnapshotDecoder()
        self._models = {model.name: model for model in models}
        self._positions = PositionWaiter(pool)

    def close(self) -> None:
        self._positions.close()

    def execute(
        self,
        query: Query,
        params: object,
        min_position: Position | None = None,
        wait_seconds: float = 2.0,
    ) -> QueryResult:
        """The result of a query. With `min_position` it waits at most `wait_seconds` for the read
        model to reach that position, then raises `ReadModelBehind`."""
        deadline = time.monotonic() + wait_seconds
        request = QueryRequest(query, params, min_position)
        while True:
            (result,) = self.execute_many(query.read_model, [request])
            if not isinstance(result, Exception):
                return result
            left = max(0.0, deadline - time.monotonic())
            if not isinstance(result, ReadModelBehind) or min_position is None or not left:
                raise result
            self.wait_for(query.read_model, min_position, left)

    def execute_many(
        self, read_model: str | None, requests: Sequence[QueryRequest]
    ) -> list[QueryResult | Exception]:
        """The results of queries on one read model, in order; for a query that failed, its error.
        All see one snapshot, but a query that breaks the transaction makes those after it start
        another."""
        results: list[QueryResult | Exception] = []
        while len(results) < len(requests):
            with self.open(read_model) as (reader, position):
                for request in requests[len(results) :]:
                    results.append(execute(request, reader, position))
                    if reader.transaction is not TransactionStatus.INTRANS:
                        break
        return results

    def execute_as_of(
        self, query: Query, params: object, moment: Position | datetime
    ) -> QueryResult:
        """The result of a query as of a position or a time of recording, from the log alone.
        `AsOfNotSupported` where the query has no `as_of`."""
        if isinstance(query.as_of, str):
            raise AsOfNotSupported(query.as_of)
        with self.as_of(moment) as log:
            return QueryResult(run(query.as_of, params, log), log.position)

    @contextmanager
    def as_of(self, moment: Position | datetime | None = None) -> Generator[PostgresReader]:
        """The log up to a position or a time of recording (inclusive). None, or a time in the
        future: up to the head. `Invalid` for a position above the head."""
        with self._pool.connection() as connection, _snapshot(connection, None) as now:
            head = now.position
            if isinstance(moment, datetime):
                moment = positions.position_at(connection, moment)
            position = head if moment is None else moment
            if position > head:
                raise invalid_field(
                    "as_of", f"The ledger is at position {head}. Name that or less."
                )
            yield PostgresReader(connection, None, ReadPoint(position), self._snapshots)

    @contextmanager
    def settled(self, position: Position) -> Generator[PostgresReader]:
        """As `as_of`, for a position that the ledger has reached, and without a transaction: no
        event up to there changes, and two calls of the server fewer are made. For statements whose
        plan is the same for all values: those on one stream, or on a range of positions."""
        with self._pool.connection() as connection:
            yield PostgresReader(connection, None, ReadPoint(position), self._snapshots)

    def log(self, moment: Position | datetime | None = None) -> DetachedLog:
        """As `as_of`, for reading that takes long; see `DetachedLog`."""
        with self.as_of(moment) as log:
            return DetachedLog(self, log.position)

    @contextmanager
    def open(self, name: str | None) -> Generator[tuple[PostgresReader, Position]]:
        """A reader of a read model and the position of its rows; None: of the log, and the head.
        Both from one snapshot."""
        with self._pool.connection() as connection, _snapshot(connection, name) as now:
            package = self._models[name].package if name else None
            yield PostgresReader(connection, package, now, self._snapshots), now.position

    def wait_for(self, name: str | None, position: Position, timeout: float) -> None:
        """Return once a read model (or, without a name, the log) has reached a position; raise
        `ReadModelBehind` when it has not after `timeout` seconds."""
        reached = self._positions.wait(name, position, timeout)
        if reached < position:
            raise read_model_behind(name, reached, position, timeout)

    def head(self) -> Position:
        """The position of the newest event; 0 in an empty ledger."""
        with self._pool.connection() as connection:
            return positions.head(connection)

    def position_at(self, moment: datetime) -> Position:
        """The last position recorded at or before a moment."""
        with self._pool.connection() as connection:
            return positions.position_at(connection, moment)

    def feed(
        self, after: Position = 0, limit: int = 50, types: Sequence[str] | None = None
    ) -> FeedPage:
        """Events in order, after a position; with `types`, only events of these types."""
        with self._pool.connection() as connection:
            return _feed(connection, after, limit, stored_names(types) if types else None)

    def clock_corrections(self) -> list[clock.Correction]:
        """Where a person has set the ledger's time back."""
        with self._pool.connection() as connection:
            return clock.corrections(connection)

    def snapshots(self) -> Iterator[SnapshotRow]:
        """All snapshots that this program reads, in order of stream and version."""
        shapes, after = list(codec.SHAPES.values()), ("", 0)
        while True:
            with self._pool.connection() as connection:
                bounds = (*after, shapes, SNAPSHOTS_PAGE)
                rows = connection.execute(SQL["snapshots"], bounds, binary=True).fetchall()
            for row in map(SnapshotRow._make, rows):
                yield row
                after = (row.stream, row.version)
            if not rows:
                return

    def status(self) -> list[leases.BuildStatus]:
        """The positions and states of all read models."""
        with self._pool.connection() as connection:
            return leases.build_statuses(connection)

    def parked(self, name: str) -> list[leases.ParkedStream]:
        """The streams that a read model has parked."""
        with self._pool.connection() as connection:
            return leases.parked_streams(connection, name)

    def work_states(self) -> list[state.WorkState]:
        """How the loops of the workers are doing, by name."""
        with self._pool.connection() as connection:
            return state.work_states(connection)

    def policy_cursors(self) -> list[cursors.CursorStatus]:
        """How far each policy has read the log, by name."""
        with self._pool.connection() as connection:
            return cursors.statuses(connection)

    def refusal_counts(self) -> Mapping[str, int]:
        """How many commands of policies and deadlines were refused and wait for a person, by
        source."""
        with self._pool.connection() as connection:
            return consequences.refusal_counts(connection)


def _feed(
    connection: Connection, after: Position, limit: int, names: Sequence[str] | None
) -> FeedPage:
    head = positions.head(connection)
    until = min(head, after + (FEED_SCAN_POSITIONS if names else limit))
    rows = connection.execute(
        SQL["feed"], (after, until, names, names, limit), binary=True
    ).fetchall()
    items = [codec.recorded(*row) for row in rows]
    return FeedPage(items, rows[-1][0] if len(rows) == limit else max(after, until), head)


@contextmanager
def _snapshot(connection: Connection, name: str | None) -> Generator[ReadPoint]:
    """A read-only transaction with one snapshot."""
    try:
        cursor = connection.execute(_begin_statement(name))
        cursor.nextset()
        row = cursor.fetchone()
        if row is None:
            raise NotFound(f"The read model {name!r} has not been installed. Start a worker.")
        yield ReadPoint(row[0], row[1], tuple(row[2])) if name else ReadPoint(row[0])
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")


@cache
def _begin_statement(name: str | None) -> bytes:
    """BEGIN and the query for the position, sent as one message, which may have no parameters."""
    head = sql.SQL(SQL["head"])
    where = sql.SQL(SQL["read_model"]).format(name=sql.Literal(name)) if name else head
    return sql.SQL("{}; {}").format(sql.SQL(SQL["begin"]), where).as_bytes()
