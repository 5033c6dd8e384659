"""Waits for read models to reach a position: one connection serves all waiting threads."""

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

POLL_SECONDS = 0.1
"""How often to poll when no NOTIFY comes."""

LINGER_SECONDS = 2.0
"""How long to keep the connection after the last wait."""


class PositionWaiter:
    """Waits for the positions of read models. The thread that polls them starts with the first
    wait and ends `LINGER_SECONDS` after the last."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._changed = threading.Condition()
        self._positions: dict[str, Position] = {}
        self._waiters = 0
        self._needed_until = 0.0
        self._thread: threading.Thread | None = None
        self._closing = False

    def wait(self, name: str | None, position: Position, timeout: float) -> Position:
        """Wait for the read model (None: the log) to reach `position`, at most `timeout` seconds.
        Returns its position then."""
        with self._changed:
            self._waiters += 1
            try:
                if self._thread is None and not self._closing:
                    self._positions.clear()
                    self._thread = threading.Thread(
                        target=self._watch, name="read-model-positions", daemon=True
                    )
                    self._thread.start()
                self._changed.wait_for(
                    lambda: self._positions.get(name or "", -1) >= position, timeout
                )
            finally:
                self._waiters -= 1
                self._needed_until = time.monotonic() + LINGER_SECONDS
            return self._positions.get(name or "", 0)

    def close(self) -> None:
        with self._changed:
            self._closing = True
            thread = self._thread
        if thread is not None:
            thread.join()

    def _needed(self) -> bool:
        return not self._closing and (self._waiters > 0 or time.monotonic() < self._needed_until)

    def _watch(self) -> None:
        while True:
            try:
                with self._pool.connection() as connection:
                    self._poll_while_needed(connection)
            except (psycopg.Error, Unavailable) as error:
                log.warning("positions_unknown", error=str(error))
                time.sleep(POLL_SECONDS)
            with self._changed:
                if not self._needed():
                    self._thread = None
                    return

    def _poll_while_needed(self, connection: Connection) -> None:
        for channel in CHANNELS:
            connection.execute(sql.SQL(SQL["listen"]).format(channel=sql.Identifier(channel)))
        try:
            while self._needed():
                rows = connection.execute(SQL["positions"], prepare=True).fetchall()
                with self._changed:
                    self._positions = {str(name): int(str(position)) for name, position in rows}
                    self._changed.notify_all()
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    pass
        finally:
            if not connection.closed:
                connection.execute(SQL["unlisten"])
