"""Parked streams: those that a build could not fold are left out in order, counted, and retried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import structlog

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.errors import DATA_ERRORS
from oms_ledger.engine.project.leases import builds_of
from oms_ledger.engine.project.pages import Entry, Folding, Poison, decode, write
from oms_ledger.engine.project.tables import Build
from oms_ledger.kernel import Position, ReadModel

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

ERROR_CHARACTERS = 2000


def stream_ids(connection: Connection, build: Build) -> frozenset[str]:
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


def retry_parked(connection: Connection, models: Iterable[ReadModel], name: str) -> dict[str, bool]:
    """Fold the parked streams of a read model again, in each of its builds that is folded; by
    stream, whether that succeeded in all of them."""
    results: dict[str, bool] = {}
    for model in models:
        if model.name == name:
            for build in builds_of(connection, model):
                for stream, done in retry(connection, build).items():
                    results[stream] = done and results.get(stream, True)
    return results


def retry(connection: Connection, build: Build) -> dict[str, bool]:
    """Fold every parked stream from its first parked event on, in order, and unpark those that
    succeed; by stream, whether it did. Safe beside a running projector."""
    folding = Folding(build)
    parked = sorted(stream_ids(connection, build))
    return {stream: _retry(connection, folding, stream) for stream in parked}


def _retry(connection: Connection, folding: Folding, stream: str) -> bool:
    name = folding.build.key
    try:
        with connection.transaction():
            events = _events_left_out(connection, folding, stream)
            write(connection, folding.fold(connection, events))
            connection.execute(SQL["unpark"], (*name, stream))
            connection.execute(SQL["new_revision"], name)
    except (Poison, *DATA_ERRORS) as error:
        connection.execute(SQL["count_failed_retry"], (_text(error), *name, stream))
        log.warning("still_parked", read_model=name[0], stream=stream, error=str(error))
        return False
    log.info("unparked", read_model=name[0], stream=stream)
    return True


def _events_left_out(connection: Connection, folding: Folding, stream: str) -> Sequence[Entry]:
    """The events of the stream since it was parked. The lock of the build's position keeps the
    projector from moving on meanwhile."""
    name = folding.build.key
    position = connection.execute(SQL["lock_position"], name).fetchone()
    first = connection.execute(SQL["first_parked_position"], (*name, stream)).fetchone()
    if position is None or first is None:  # another process has retried it meanwhile
        return ()
    rows = connection.execute(
        SQL["events_left_out"], (stream, first[0], position[0], sorted(folding.topics)), binary=True
    ).fetchall()
    return list(decode(rows))


def _text(error: Exception) -> str:
    return str(error).replace("\0", "")[:ERROR_CHARACTERS]
