"""Answers: the named statements of a read model, the log behind them, and waiting for both."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import LiteralString, cast

from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from oms_ledger.domain.errors import AsOfNotSupported, NotFound, ReadModelBehind
from oms_ledger.domain.times import not_then
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Pool
from oms_ledger.engine.log import codec, positions
from oms_ledger.engine.log.position_waits import Positions
from oms_ledger.engine.project import leases
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.engine.read.query import QueryResult, Question, answer_to, behind, found_by
from oms_ledger.engine.work import state
from oms_ledger.kernel import (
    Log,
    Position,
    Query,
    ReadModel,
    Recorded,
    S,
    State,
    stream_id,
)

SQL = statements.queries(__package__)

FEED_LOOKS_AT = 20_000
"""Positions that one page of the feed looks through for rare types, so that it answers soon."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a snapshot sees: the position of a read model, and which build of it was live, with
    what tables; or of the log alone."""

    position: Position
    build: int = 0
    tables: tuple[str, ...] = ()


class PostgresReader:
    """A `kernel.Reader` over one connection: all it reads is one moment's state, and of the log
    nothing after its position. `package` is where the read model's `queries.sql` lies; None for
    who reads the log alone."""

    def __init__(self, connection: Connection, package: str | None, moment: Moment) -> None:
        self.position = moment.position
        self._connection = connection
        self._package = package
        self._moment = moment

    @property
    def transaction(self) -> TransactionStatus:
        """Whether more can be read: a failed statement ends that, a lost connection too."""
        return self._connection.info.transaction_status

    def rows(self, statement: str, /, **params: object) -> list[dict[str, object]]:
        if self._package is None:
            raise LookupError(f"no statement {statement!r}: this reads the log alone")
        text = statements.on_build(
            self._package, statement, self._moment.tables, self._moment.build
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
        """The newest saved state that is not too new; the empty one where there is none."""
        row = self._connection.execute(
            SQL["snapshot"], (stream, codec.SHAPES.get(kind.category, ""), last), binary=True
        ).fetchone()
        return kind() if row is None else cast(S, codec.decode_state(kind.category, row[1]))

    def _recorded(self, statement: LiteralString, *params: object) -> list[Recorded]:
        rows = self._connection.execute(statement, params, binary=True).fetchall()
        return [codec.recorded(*row) for row in rows]


class PatientLog:
    """The log up to a position, for whoever takes long over it: each look is a transaction of its
    own. What is in the log stays as it is, so all of them see the same."""

    def __init__(self, readers: Readers, position: Position) -> None:
        self.position = position
        self._readers = readers

    def history(
        self, stream: str, after_version: int = 0, limit: int | None = None
    ) -> list[Recorded]:
        with self._looking() as log:
            return log.history(stream, after_version, limit)

    def events(
        self, after: Position, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        with self._looking() as log:
            return log.events(after, limit, types)

    def fold(self, kind: type[S], key: str, until: Position | None = None) -> S:
        with self._looking() as log:
            return log.fold(kind, key, until)

    def keys(
        self, kind: type[State], prefix: str = "", after: str = "", limit: int | None = None
    ) -> list[str]:
        with self._looking() as log:
            return log.keys(kind, prefix, after, limit)

    @contextmanager
    def _looking(self) -> Generator[Log]:
        with self._readers.as_of(self.position) as log:
            yield log


@dataclass(frozen=True, slots=True)
class Feed:
    """A piece of the log. Go on with `next_after`, which may lie beyond the last item where
    others were not of the types asked for; `head` is the newest position there is."""

    items: Sequence[Recorded]
    next_after: Position
    head: Position


class Readers:
    """All that can be asked of one ledger. Used by any number of threads; `close` it at the end
    (the pool is the caller's)."""

    def __init__(self, pool: Pool, models: Sequence[ReadModel]) -> None:
        self._pool = pool
        self._models = {model.name: model for model in models}
        self._positions = Positions(pool)

    def close(self) -> None:
        self._positions.close()

    def ask(
        self,
        query: Query,
        params: object,
        min_position: Position | None = None,
        wait_seconds: float = 2.0,
    ) -> QueryResult:
        """The answer, and the position of the read model it was made from. With `min_position`
        that is not lower, or `ReadModelBehind` is raised after waiting."""
        deadline = time.monotonic() + wait_seconds
        question = Question(query, params, min_position)
        while True:
            (found,) = self.ask_many(query.read_model, [question])
            if not isinstance(found, Exception):
                return found
            left = max(0.0, deadline - time.monotonic())
            if not isinstance(found, ReadModelBehind) or min_position is None or not left:
                raise found
            self.wait_for(query.read_model, min_position, left)

    def ask_many(
        self, read_model: str | None, questions: Sequence[Question]
    ) -> list[QueryResult | Exception]:
        """Answers to questions about one read model, in order, from one moment's state; what one
        of them fails with stands in its place. A question that breaks the transaction costs the
        others no more than another one."""
        found: list[QueryResult | Exception] = []
        while len(found) < len(questions):
            with self.reading(read_model) as (reader, position):
                for question in questions[len(found) :]:
                    found.append(found_by(question, reader, position))
                    if reader.transaction is not TransactionStatus.INTRANS:
                        break
        return found

    def ask_as_of(self, query: Query, params: object, moment: Position | datetime) -> QueryResult:
        """The answer as of a position or a time, from the log, and the position that it is of;
        `AsOfNotSupported` where the query has none."""
        if isinstance(query.as_of, str):
            raise AsOfNotSupported(query.as_of)
        with self.as_of(moment) as log:
            return QueryResult(answer_to(query.as_of, params, log), log.position)

    @contextmanager
    def as_of(self, moment: Position | datetime | None = None) -> Generator[PostgresReader]:
        """The log up to a position or a time of recording (inclusive); to its end where none is
        named, or it is yet to come. `Invalid` for a position that nothing has yet."""
        with self._pool.connection() as connection, _snapshot(connection, None) as now:
            head = now.position
            if isinstance(moment, datetime):
                moment = positions.position_at(connection, moment)
            position = head if moment is None else moment
            if position > head:
                raise not_then("as_of", f"The ledger is at position {head}. Name that or less.")
            yield PostgresReader(connection, None, Moment(position))

    def log(self, moment: Position | datetime | None = None) -> PatientLog:
        """As `as_of`, for as long as it takes."""
        with self.as_of(moment) as log:
            return PatientLog(self, log.position)

    @contextmanager
    def reading(self, name: str | None) -> Generator[tuple[PostgresReader, Position]]:
        """A reader, and the position its answers are from: of a read model, or, without a name,
        the head. One snapshot: rows and position belong together."""
        with self._pool.connection() as connection, _snapshot(connection, name) as now:
            package = self._models[name].package if name else None
            yield PostgresReader(connection, package, now), now.position

    def wait_for(self, name: str | None, position: Position, timeout: float) -> None:
        """Return once a read model (or, without a name, the log) has reached a position; raise
        `ReadModelBehind` when it has not after `timeout` seconds."""
        reached = self._positions.wait(name, position, timeout)
        if reached < position:
            raise behind(name, reached, position, timeout)

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
    ) -> Feed:
        """Events in order, after a position; with `types`, those of these types alone."""
        with self._pool.connection() as connection:
            return _feed(connection, after, limit, stored_names(types) if types else None)

    def status(self) -> list[leases.Status]:
        """How far every read model has got."""
        with self._pool.connection() as connection:
            return leases.status(connection)

    def parked(self, name: str) -> list[leases.Parked]:
        """The streams a read model has left out."""
        with self._pool.connection() as connection:
            return leases.parked(connection, name)

    def work_states(self) -> list[state.WorkState]:
        """How the loops of the workers are doing, by name."""
        with self._pool.connection() as connection:
            return state.work_states(connection)


def _feed(connection: Connection, after: Position, limit: int, names: Sequence[str] | None) -> Feed:
    head = positions.head(connection)
    until = min(head, after + (FEED_LOOKS_AT if names else limit))
    rows = connection.execute(
        SQL["feed"], (after, until, names, names, limit), binary=True
    ).fetchall()
    items = [codec.recorded(*row) for row in rows]
    return Feed(items, rows[-1][0] if len(rows) == limit else max(after, until), head)


@contextmanager
def _snapshot(connection: Connection, name: str | None) -> Generator[Moment]:
    """A read-only transaction that sees one moment."""
    try:
        cursor = connection.execute(_beginning(name))
        cursor.nextset()
        row = cursor.fetchone()
        if row is None:
            raise NotFound(f"The read model {name!r} has not been installed. Start a worker.")
        yield Moment(row[0], row[1], tuple(row[2])) if name else Moment(row[0])
    finally:
        if not connection.closed:
            connection.execute("ROLLBACK")


@cache
def _beginning(name: str | None) -> bytes:
    """Begin, and where it begins, as one message: for which there must be no parameters."""
    head = sql.SQL(SQL["head"])
    where = sql.SQL(SQL["read_model"]).format(name=sql.Literal(name)) if name else head
    return sql.SQL("{}; {}").format(sql.SQL(SQL["begin"]), where).as_bytes()
