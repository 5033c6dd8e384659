"""The log in PostgreSQL: the writer's one transaction, in three round trips.

It locks the head and reads what the batch needs and is not cached, writes all events with one
statement, and commits. Plain statements, one after the other: psycopg's pipeline would save a
round trip, and costs more time than that takes. Positions are dense because the head
row is lock and counter in one: see docs/architecture.md and migrations/0001_event_log.sql.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Any

import psycopg
import structlog
from psycopg import errors

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.binary import (
    BinaryArray,
    bigint_array,
    bytea_array,
    copy_event_rows,
    text_array,
)
from oms_ledger.engine.db.connection import Connection, Cursor
from oms_ledger.engine.db.deadlines import DeadlinePassed
from oms_ledger.engine.db.errors import is_outage
from oms_ledger.engine.log.snapshots import NEWEST, SnapshotDecoder, shape_of
from oms_ledger.engine.log.store import (
    Batch,
    BatchRejected,
    EventRow,
    FoldedStream,
    Head,
    LoadedRows,
    LoadRequest,
    Receipt,
    SnapshotRow,
    StoredKey,
    StoreUnavailable,
)

SQL = statements.queries(__package__)

log = structlog.get_logger(__name__)

NOTIFY_CHANNEL = "ledger_events"
"""The channel of one NOTIFY per commit: a hint to read the log, which may get lost."""

COPY_FROM_EVENTS = 500
"""Number of events in a batch from which COPY is faster. It costs two more round trips, and then
takes two thirds of the time an INSERT does (measured: docs/performance.md)."""


class PostgresStore:
    """A `Store` over one connection. `connect` opens it in autocommit mode, with the ledger's
    search_path."""

    def __init__(
        self, connect: Callable[[], Connection], snapshots: SnapshotDecoder | None = None
    ) -> None:
        self._connect = connect
        self._snapshots = snapshots or SnapshotDecoder()
        # One cursor for all batches: making one takes as long as running a statement.
        self._cursor: Cursor | None = None

    def begin(self, request: LoadRequest) -> tuple[Head, LoadedRows]:
        with self._translated_errors():
            idle, started = self._cursor, time.monotonic()
            try:
                return self._begin(request)
            except (errors.LockNotAvailable, errors.QueryCanceled):
                self._end_lost_holders(time.monotonic() - started)
                raise
            except psycopg.Error as error:
                if idle is None or not idle.connection.broken:
                    raise
                if isinstance(error, DeadlinePassed):
                    raise  # another wait would be as long
                # It died while it was idle: connect again, so that no command fails.
                self._drop()
                return self._begin(request)

    def _begin(self, request: LoadRequest) -> tuple[Head, LoadedRows]:
        cursor = self._open_cursor()
        # Without parameters both are sent as one message; the next statement sees all that was
        # committed before the lock was taken.
        cursor.execute(f"BEGIN; {SQL['lock_head']}")
        cursor.nextset()
        row = cursor.fetchone()
        assert row is not None, "ledger_head has lost its row"
        return Head(*row), self._load(request) if request else LoadedRows()

    def _end_lost_holders(self, waited_seconds: float) -> None:
        """End the sessions that held the head lock all the time this one waited for it, and wait
        for their client. The client is stopped or lost amid a COPY, where no timeout of the server
        runs, or amid a series of statements. Done as the login: a role may not end its sessions."""
        connection = self._open_cursor().connection
        connection.rollback()
        with connection.transaction():
            head = connection.execute(SQL["head_table"]).fetchone()
            assert head is not None, "a row is always there"
            connection.execute(SQL["act_as_login"])
            ended = connection.execute(SQL["end_lost_holders"], (*head, waited_seconds)).fetchall()
        if ended:
            log.warning("lost_writers_ended", sessions=[pid for (pid,) in ended])

    def load(self, request: LoadRequest) -> LoadedRows:
        with self._translated_errors():
            return self._load(request)

    def _load(self, request: LoadRequest) -> LoadedRows:
        connection = self._open_cursor().connection
        with connection.pipeline():
            pending = self._send_requests(connection, request)
        events = [EventRow(*row) for row in chain.from_iterable(map(_rows, pending.events))]
        snapshots, events = self._intact(connection, pending.snapshots, events)
        return LoadedRows(
            snapshots=snapshots,
            events=events,
            receipts=[Receipt(*row) for row in _rows(pending.receipts)],
            names=[name for (name,) in _rows(pending.names)],
            keys=[StoredKey(*row) for row in _rows(pending.keys)],
        )

    def _intact(
        self, connection: Connection, cursor: Cursor | None, events: list[EventRow]
    ) -> tuple[list[FoldedStream], list[EventRow]]:
        """The states in the snapshots that a cursor has, and the events after them. Where a
        snapshot is damaged the newest one that is not stands in its place, or none, and the events
        are loaded again."""
        folded: dict[str, FoldedStream] = {}
        damaged: dict[str, int] = {}
        below: dict[str, int] = {}
        while cursor is not None:
            for row in map(SnapshotRow._make, cursor.fetchall()):
                state = self._snapshots.decode(row)
                if state is None:
                    below[row.stream] = row.version
                else:
                    folded[row.stream] = state
            damaged |= below
            cursor = _send_snapshots(connection, below) if below else None
            below = {}
        if damaged:
            kept = [row for row in events if row.stream not in damaged]
            versions = [folded[s].version if s in folded else 0 for s in damaged]
            rows = connection.execute(
                SQL["load_events"],
                (text_array(damaged), bigint_array(versions), text_array([""] * len(damaged))),
                binary=True,
            ).fetchall()
            events = kept + [EventRow(*row) for row in rows]
        return list(folded.values()), events

    @contextmanager
    def _translated_errors(self) -> Generator[None]:
        """Turn errors of the driver into those of `store`. Each ends the transaction."""
        try:
            yield
        except psycopg.Error as error:
            if is_outage(error):
                self._drop()
                raise StoreUnavailable(str(error)) from error
            self.rollback()
            raise BatchRejected(f"{error.sqlstate}: {error}") from error

    def _send_requests(self, connection: Connection, request: LoadRequest) -> _Pending:
        pending = _Pending()

        def send(statement: str, *parameters: object) -> Cursor:
            return connection.execute(statement, parameters, prepare=True, binary=True)

        if request.streams:
            ids = text_array(request.streams)
            shapes = text_array(map(shape_of, request.streams))
            unknown = {s: NEWEST for s, version in request.streams.items() if version == 0}
            if unknown:
                pending.snapshots = _send_snapshots(connection, unknown)
            versions = bigint_array(request.streams.values())
            pending.events.append(send(SQL["load_events"], ids, versions, shapes))
        for category in request.categories:
            pending.events.append(send(SQL["load_category"], f"{category}-", f"{category}."))
        if request.receipts:
            scopes = text_array([scope for scope, _ in request.receipts])
            keys = text_array([key for _, key in request.receipts])
            pending.receipts = send(SQL["load_receipts"], scopes, keys)
        if request.keys:
            ids = text_array([key.key_id for key in request.keys])
            subjects = text_array([key.subject for key in request.keys])
            pending.keys = send(SQL["load_subject_keys"], ids, subjects)
        if request.prefixes:
            beyond = [_prefix_end(prefix) for prefix in request.prefixes]
            pending.names = send(
                SQL["load_names"], text_array(request.prefixes), text_array(beyond)
            )
        return pending

    def commit(self, head: Head, batch: Batch) -> None:
        cursor = self._cursor
        if cursor is None:
            raise StoreUnavailable("the connection that held the head lock is gone")
        with self._translated_errors():
            for statement, parameters in _writes(cursor, head, batch):
                cursor.execute(statement, parameters, prepare=True)
            cursor.execute("COMMIT")

    def rollback(self) -> None:
        if self._cursor is None:
            return
        try:
            self._cursor.execute("ROLLBACK")
        except psycopg.Error:
            self._drop()

    def contains(self, row: EventRow) -> bool:
        with self._translated_errors():
            connection = self._open_cursor().connection
            with connection.transaction():
                # The server may still be running the interrupted commit, and holds the head lock
                # until it is done. Without this lock the answer could change a moment later.
                connection.execute(SQL["lock_head"])
                stored = connection.execute(
                    SQL["stored_event"], (row.position,), binary=True
                ).fetchone()
        return stored == (row.stream, row.topic, row.state)

    def close(self) -> None:
        self._drop()

    def _open_cursor(self) -> Cursor:
        if self._cursor is None:
            self._cursor = self._connect().cursor()
        return self._cursor

    def _drop(self) -> None:
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            with suppress(psycopg.Error):
                cursor.connection.close()


class _Pending:
    """The cursors of one pipelined request, to be read after its end."""

    def __init__(self) -> None:
        self.snapshots: Cursor | None = None
        self.events: list[Cursor] = []
        self.receipts: Cursor | None = None
        self.names: Cursor | None = None
        self.keys: Cursor | None = None


def _prefix_end(prefix: str) -> str:
    """The end of the range of texts with this prefix, in the "C" collation. The last character of a
    prefix is a separator, so the one after it exists."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _send_snapshots(connection: Connection, below: Mapping[str, int]) -> Cursor:
    """Ask for the newest snapshot of each stream below a version."""
    parameters = (
        text_array(below),
        text_array(map(shape_of, below)),
        bigint_array(below.values()),
    )
    return connection.execute(SQL["load_snapshots"], parameters, prepare=True, binary=True)


def _rows(
    cursor: Cursor | None,
) -> Sequence[tuple[Any, ...]]:
    return cursor.fetchall() if cursor is not None else ()


def _event_columns(events: Sequence[EventRow]) -> tuple[BinaryArray, ...]:
    streams, versions, topics, states, positions = zip(*events, strict=True)
    return (
        text_array(streams),
        bigint_array(versions),
        text_array(topics),
        bytea_array(states),
        bigint_array(positions),
    )


def _key_columns(batch: Batch) -> tuple[object, ...]:
    return (
        batch.recorded_at,
        text_array([key.key_id for key in batch.keys]),
        text_array([key.subject for key in batch.keys]),
        bytea_array([key.wrapped for key in batch.keys]),
        text_array([key.kek_id for key in batch.keys]),
        text_array([blind for blind, _ in batch.blinds]),
        text_array([key_id for _, key_id in batch.blinds]),
    )


def _writes(cursor: Cursor, head: Head, batch: Batch) -> Iterable[tuple[str, tuple[object, ...]]]:
    """The statements of a batch with their parameters. Events of a large batch are copied before
    the first of them is yielded."""
    if batch.events:
        moved = (batch.events[-1].position, batch.recorded_at, head.position)
        if len(batch.events) < COPY_FROM_EVENTS:
            yield SQL["append_events"], (*moved, *_event_columns(batch.events))
        else:
            with cursor.copy(SQL["copy_events"]) as copy:
                copy.write(copy_event_rows(batch.events))
            yield SQL["move_head"], moved
    if batch.keys or batch.blinds:
        yield SQL["insert_subject_keys"], _key_columns(batch)
    receipts = batch.receipts
    if receipts:
        yield (
            SQL["insert_receipts"],
            (
                batch.recorded_at,
                text_array([r.scope for r in receipts]),
                text_array([r.key for r in receipts]),
                bytea_array([r.fingerprint for r in receipts]),
                bytea_array([r.outcome for r in receipts]),
            ),
        )
    snapshots = batch.snapshots
    if snapshots:
        yield (
            SQL["insert_snapshots"],
            (
                text_array([s.stream for s in snapshots]),
                bigint_array([s.version for s in snapshots]),
                bigint_array([s.position for s in snapshots]),
                text_array([s.shape for s in snapshots]),
                bytea_array([s.state for s in snapshots]),
                bytea_array([s.checksum for s in snapshots]),
            ),
        )
