"""Commits rows and position of a build together, and only if no other worker has moved it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import psycopg
from psycopg.pq import TransactionStatus

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project import parked
from oms_ledger.engine.project.leases import LeasedBuild
from oms_ledger.engine.project.pages import Poison, RowBatch
from oms_ledger.kernel import Position

SQL = statements.queries(__package__)

PROJECTIONS_CHANNEL = "ledger_projections"
"""The channel of one notification per written page, for queries that wait for a position. The
statement `move_position` sends it."""

Commit: TypeAlias = Callable[[Connection, Sequence[object], Callable[[], None]], None]
"""Moves a position, then writes and commits. The second argument are the parameters of the
statement `move_position`, the third sends the rows. `Fenced` where it moves nothing."""


class Fenced(Exception):
    """Another worker has moved the build since its rows were read."""


def commit_pipelined(
    connection: Connection, move: Sequence[object], write: Callable[[], None]
) -> None:
    """A `Commit` in two round trips."""
    with connection.pipeline():
        connection.execute("BEGIN", prepare=True)
        # First, so that a worker that was overtaken touches no row, and one that was not meets
        # no other: a retry of parked streams takes this lock first too.
        moved = connection.execute(SQL["move_position"], move, prepare=True)
    # `rowcount` is known when the pipeline has ended. Until then it is -1, and rows that are
    # sent now would be written by a worker that was overtaken.
    if moved.rowcount != 1:
        raise Fenced
    with connection.pipeline():
        write()
        connection.execute("COMMIT", prepare=True)


def commit_unpipelined(
    connection: Connection, move: Sequence[object], write: Callable[[], None]
) -> None:
    """A `Commit` without a pipeline, in which COPY cannot run; in the transaction that is open,
    where one is."""
    if connection.info.transaction_status is TransactionStatus.IDLE:
        connection.execute("BEGIN")
    if connection.execute(SQL["move_position"], move).rowcount != 1:
        raise Fenced
    write()
    connection.execute("COMMIT")


@dataclass(frozen=True, slots=True)
class FoldedWindow:
    """What one transaction writes: the rows that follow from events up to position `last`.
    `left_out` counts events of parked streams."""

    last: Position
    batches: Sequence[RowBatch]
    left_out: Counter[str] = field(default_factory=Counter)

    def send(self, connection: Connection, held: LeasedBuild) -> None:
        for batch in self.batches:
            batch.send(connection)
        parked.count_left_out(connection, held.build, self.left_out)


def commit_window(
    commit: Commit, connection: Connection, held: LeasedBuild, window: FoldedWindow
) -> LeasedBuild:
    """Write a window; the build after that."""
    return commit_rows(commit, connection, held, window.last, lambda: window.send(connection, held))


def commit_rows(
    commit: Commit,
    connection: Connection,
    held: LeasedBuild,
    last: Position,
    write: Callable[[], None],
) -> LeasedBuild:
    """Write rows and position, provided that the build is still at `held`; the build after that.
    `Poison` where the database refuses a value."""
    try:
        commit(connection, (last, *held.build.key, held.position, held.revision), write)
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
