"""The connection of a projector: replaced when it breaks, and woken by new events."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psycopg

from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL

POLL_SECONDS = 1.0
"""How often to read the log without a NOTIFY, which may be lost."""

SQL = statements.queries(__package__)


class ProjectorSession:
    """A connection that is opened when it is needed, and again when it was lost. `connect` opens
    one in autocommit mode with the ledger's search_path. Used by one thread."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    @property
    def current(self) -> Connection | None:
        """The connection if there is one, be it lost or not."""
        return self._connection

    def connection(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self.close()
            connection = self.connect_without_waiting()
            self.listen(connection)
            self._connection = connection
        return self._connection

    def connect_without_waiting(self) -> Connection:
        """A further connection; its commits do not wait for the disk."""
        connection = self._connect()
        # A crash of the server loses rows and position together, and they are folded again.
        connection.execute(SQL["commit_without_waiting"])
        return connection

    def listen(self, connection: Connection) -> None:
        """Called before the log is first read: an event that is appended in between then ends the
        wait that follows."""
        connection.execute(SQL["listen"].format(channel=NOTIFY_CHANNEL))

    def wait(self, seconds: float = POLL_SECONDS, *, until_event: bool = True) -> None:
        """Wait for so long; with `until_event`, no longer than until the next event."""
        stop_after = 1 if until_event else None
        for _ in self.connection().notifies(timeout=seconds, stop_after=stop_after):
            pass

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
