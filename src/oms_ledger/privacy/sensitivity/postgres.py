"""Reads the events that carry a sensitivity mark."""

from __future__ import annotations

from collections.abc import Collection

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.statements import queries
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event

PACKAGE = "oms_ledger.privacy.sensitivity"


def first_events(connection: Connection, streams: Collection[str]) -> dict[str, Event]:
    """The first event of each of these streams that exists."""
    return _events(connection, "first_events", streams)


def newest_events(connection: Connection, streams: Collection[str]) -> dict[str, Event]:
    """The newest event of each of these streams that exists."""
    return _events(connection, "newest_events", streams)


def _events(connection: Connection, name: str, streams: Collection[str]) -> dict[str, Event]:
    statement = queries(PACKAGE)[name].encode()
    rows = connection.execute(statement, {"streams": list(streams)}, binary=True).fetchall()
    return {stream: codec.decode(topic, bytes(state))[0] for stream, topic, state in rows}
