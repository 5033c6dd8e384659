"""Streams that a read model could not fold: set aside in order, counted, tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project.pages import Entry, Folding, Poison, decoded, write
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

ERROR_CHARACTERS = 2000


def streams(connection: Connection, build: Build) -> frozenset[str]:
    rows = connection.execute(SQL["parked_stream_ids"], build.key).fetchall()
    return frozenset(stream for (stream,) in rows)


def park(
    connection: Connection, build: Build, stream: str, position: Position, error: Exception
) -> None:
    connection.execute(
        SQL["park"],
        (*build.key, stream, position, _text(error), datetime.now(UTC)),
    )


def count_left_out(connection: Connection, build: Build, events: Counter[str]) -> None:
    if events:
        connection.execute(
            SQL["count_left_out"],
            (list(events), list(events.values()), *build.key),
        )


def retry(connection: Connection, build: Build) -> dict[str, bool]:
    """Fold every parked stream from its first parked event on, in order; those that succeed are
    parked no more. Tells which did. Safe beside a running projector."""
    folding = Folding(build)
    waiting = sorted(streams(connection, build))
    return {stream: _retry(connection, folding, stream) for stream in waiting}


def _retry(connection: Connection, folding: Folding, stream: str) -> bool:
    name = folding.build.key
    try:
        with connection.transaction():
            events = _left_out(connection, folding, stream)
            write(connection, folding.fold(connection, events))
            connection.execute(SQL["unpark"], (*name, stream))
            connection.execute(SQL["new_revision"], name)
    except (Poison, *DATA_ERRORS) as error:
        connection.execute(SQL["count_failed_retry"], (_text(error), *name, stream))
        log.warning("still_parked", read_model=name[0], stream=stream, error=str(error))
        return False
    log.info("unparked", read_model=name[0], stream=stream)
    return True


def _left_out(connection: Connection, folding: Folding, stream: str) -> Sequence[Entry]:
    """Everything of the stream since it was parked. The position's lock keeps the projector
    where it is meanwhile."""
    name = folding.build.key
    position = connection.execute(SQL["lock_position"], name).fetchone()
    first = connection.execute(SQL["first_parked_position"], (*name, stream)).fetchone()
    if position is None or first is None:  # somebody else has retried it meanwhile
        return ()
    rows = connection.execute(
        SQL["events_left_out"], (stream, first[0], position[0], sorted(folding.topics)), binary=True
    ).fetchall()
    return list(decoded(rows))


def _text(error: Exception) -> str:
    return str(error).replace("\0", "")[:ERROR_CHARACTERS]
