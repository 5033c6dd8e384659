"""Streams that a read model could not fold: set aside in order, counted, tried again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project.pages import Entry, Folding, Poison, decoded, write
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position

log = structlog.get_logger(__name__)

STREAMS = "SELECT stream FROM parked_streams WHERE name = %s AND version = %s"

PARK = """
INSERT INTO parked_streams (name, version, stream, first_position, error, parked_at)
VALUES (%s, %s, %s, %s, %s, %s)"""

COUNT_LEFT_OUT = """
UPDATE parked_streams AS p SET events = p.events + c.events
FROM unnest(%s::text[], %s::bigint[]) AS c (stream, events)
WHERE p.name = %s AND p.version = %s AND p.stream = c.stream"""

LOCK_POSITION = """
SELECT position FROM projection_positions WHERE name = %s AND version = %s FOR UPDATE"""

# Whoever has read rows under the revision before may not write them any more.
NEW_REVISION = """
UPDATE projection_positions SET revision = revision + 1 WHERE name = %s AND version = %s"""

FIRST_POSITION = """
SELECT first_position FROM parked_streams WHERE name = %s AND version = %s AND stream = %s"""

LEFT_OUT = """
SELECT notification_id, originator_id, originator_version, topic, state
FROM ledger_events
WHERE originator_id = %s AND notification_id BETWEEN %s AND %s AND topic = ANY(%s)
ORDER BY originator_version"""

UNPARK = "DELETE FROM parked_streams WHERE name = %s AND version = %s AND stream = %s"

FAILED_AGAIN = """
UPDATE parked_streams SET attempts = attempts + 1, error = %s
WHERE name = %s AND version = %s AND stream = %s"""

ERROR_CHARACTERS = 2000


def streams(connection: Connection, build: Build) -> frozenset[str]:
    rows = connection.execute(STREAMS, build.key).fetchall()
    return frozenset(stream for (stream,) in rows)


def park(
    connection: Connection, build: Build, stream: str, position: Position, error: Exception
) -> None:
    connection.execute(
        PARK,
        (*build.key, stream, position, _text(error), datetime.now(UTC)),
    )


def count_left_out(connection: Connection, build: Build, events: Counter[str]) -> None:
    if events:
        connection.execute(
            COUNT_LEFT_OUT,
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
            connection.execute(UNPARK, (*name, stream))
            connection.execute(NEW_REVISION, name)
    except (Poison, *DATA_ERRORS) as error:
        connection.execute(FAILED_AGAIN, (_text(error), *name, stream))
        log.warning("still_parked", read_model=name[0], stream=stream, error=str(error))
        return False
    log.info("unparked", read_model=name[0], stream=stream)
    return True


def _left_out(connection: Connection, folding: Folding, stream: str) -> Sequence[Entry]:
    """Everything of the stream since it was parked. The position's lock keeps the projector
    where it is meanwhile."""
    name = folding.build.key
    position = connection.execute(LOCK_POSITION, name).fetchone()
    first = connection.execute(FIRST_POSITION, (*name, stream)).fetchone()
    if position is None or first is None:  # somebody else has retried it meanwhile
        return ()
    rows = connection.execute(
        LEFT_OUT, (stream, first[0], position[0], sorted(folding.topics)), binary=True
    ).fetchall()
    return list(decoded(rows))


def _text(error: Exception) -> str:
    return str(error).replace("\0", "")[:ERROR_CHARACTERS]
