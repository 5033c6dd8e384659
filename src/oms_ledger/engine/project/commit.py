"""Commits rows and position of a build together, and only if no other worker has moved it since."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection

SQL = statements.queries(__package__)

PROJECTIONS_CHANNEL = "ledger_projections"
"""The channel of one notification per written page, for queries that wait for a position. The
statement `move_position` sends it."""


class Fenced(Exception):
    """Another worker has moved the build since its rows were read."""


def commit_pipelined(
    connection: Connection, move: Sequence[object], write: Callable[[], None]
) -> None:
    """A transaction in two round trips: move the position, then write and commit. `move` are the
    parameters of the statement `move_position`; `Fenced` where it moves nothing."""
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
    """In a transaction that is open, without a pipeline: move the position, write and commit.
    `move` are the parameters of the statement `move_position`; `Fenced` where it moves nothing."""
    if connection.execute(SQL["move_position"], move).rowcount != 1:
        raise Fenced
    write()
    connection.execute("COMMIT")
