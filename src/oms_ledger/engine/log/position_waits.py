"""Waiting for a read model to reach a position: one connection for all who wait."""

from __future__ import annotations

import threading
import time

import psycopg
import structlog
from psycopg import sql

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import statements
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.pool import Pool
from oms_ledger.engine.log.postgres import NOTIFY_CHANNEL
from oms_ledger.engine.project.commit import PROJECTIONS_CHANNEL
from oms_ledger.kernel import Position

log = structlog.get_logger(__name__)

SQL = statements.queries(__package__)

CHANNELS = (PROJECTIONS_CHANNEL, NOTIFY_CHANNEL)

LOOK_SECONDS = 0.1
"""How often to look where no NOTIFY comes."""

LINGER_SECONDS = 2.0
"""How long to keep the connection when nobody waits any more."""


class PositionWaiter:
    """Knows where the read models are while somebody wants to know. The thread that watches
    starts with the first who waits and ends some time after the last."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._changed = threading.Condition()
        self._at: dict[str, Position] = {}
        self._waiting = 0
        self._needed_until = 0.0
        self._thread: threading.Thread | None = None
        self._closing = False

    def wait(self, name: str | None, position: Position, timeout: float) -> Position:
        """Where the read model (None: the log) is when it has reached `position`, or when
        `timeout` seconds have passed."""
        with self._changed:
            self._waiting += 1
            try:
                if self._thread is None and not self._closing:
                    self._at.clear()
                    self._thread = threading.Thread(
                        target=self._watch, name="read-model-positions", daemon=True
                    )
                    self._thread.start()
                self._changed.wait_for(lambda: self._at.get(name or "", -1) >= position, timeout)
            finally:
                self._waiting -= 1
                self._needed_until = time.monotonic() + LINGER_SECONDS
            return self._at.get(name or "", 0)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            thread = self._thread
        if thread is not None:
            thread.join()

    def _needed(self) -> bool:
        return not self._closing and (self._waiting > 0 or time.monotonic() < self._needed_until)

    def _watch(self) -> None:
        while True:
            try:
                with self._pool.connection() as connection:
                    self._look_while_needed(connection)
            except (psycopg.Error, Unavailable) as error:
                log.warning("positions_unknown", error=str(error))
                time.sleep(LOOK_SECONDS)
            with self._changed:
                if not self._needed():
                    self._thread = None
                    return

    def _look_while_needed(self, connection: Connection) -> None:
        for channel in CHANNELS:
            connection.execute(sql.SQL(SQL["listen"]).format(channel=sql.Identifier(channel)))
        try:
            while self._needed():
                found = connection.execute(SQL["positions"], prepare=True).fetchall()
                with self._changed:
                    self._at = {str(name): int(str(position)) for name, position in found}
                    self._changed.notify_all()
                for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                    pass
        finally:
            if not connection.closed:
                connection.execute(SQL["unlisten"])
