"""Reads the events that carry a sensitivity mark from PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager

from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.statements import queries
from oms_ledger.engine.log import codec
from oms_ledger.engine.project.pages import stored_names
from oms_ledger.kernel import Event

EDIT_TOPICS = stored_names([OrderEdited.type, DraftSaved.type])

PACKAGE = "oms_ledger.privacy.sensitivity"


class PostgresMarkEvents:
    """`MarkEvents` of the log in PostgreSQL. `lend` lends a connection that acts as the reader."""

    def __init__(self, lend: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._lend = lend

    def first(self, streams: Collection[str]) -> dict[str, Event]:
        return self._events("first_events", streams)

    def newest(self, streams: Collection[str]) -> dict[str, Event]:
        return self._events("newest_events", streams)

    def edits(self, streams: Collection[str]) -> list[Event]:
        statement = queries(PACKAGE)["edits"].encode()
        params = {"streams": list(streams), "topics": EDIT_TOPICS}
        with self._lend() as connection:
            rows = connection.execute(statement, params, binary=True).fetchall()
        return [codec.decode(topic, bytes(state))[0] for topic, state in rows]

    def _events(self, name: str, streams: Collection[str]) -> dict[str, Event]:
        statement = queries(PACKAGE)[name].encode()
        with self._lend() as connection:
            rows = connection.execute(statement, {"streams": list(streams)}, binary=True).fetchall()
        return {stream: codec.decode(topic, bytes(state))[0] for stream, topic, state in rows}
