"""The connections of a ledger as they are now, from the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Lock

from oms_ledger.domain.connections.events import ConnectionDefined
from oms_ledger.domain.connections.rules import unknown_connection
from oms_ledger.domain.connections.state import VendorConnection
from oms_ledger.kernel import Log, Position

FRESH_SECONDS = 1.0
"""How long what was read is used: a pause takes effect after this time at the latest."""

MISSED_SECONDS = 0.2
"""As `FRESH_SECONDS`, for a name that was not there: guessed names read the log no more often
than this."""


class ConnectionDirectory:
    """Used by any number of threads. `log` opens the log as it is now."""

    def __init__(self, log: Callable[[], Log]) -> None:
        self._log = log
        self._read: Mapping[str, VendorConnection] = {}
        self._read_at = float("-inf")
        self._position: Position = -1
        self._lock = Lock()

    def all(self) -> Mapping[str, VendorConnection]:
        """Every connection, by name."""
        return self._as_of(FRESH_SECONDS)[1]

    def from_position(self, least: Position) -> tuple[Position, Mapping[str, VendorConnection]]:
        """Every connection, by name, and the position of the log as of which they are so: `least`
        or a later one."""
        return self._as_of(FRESH_SECONDS, least)

    def has_read(self, name: str) -> bool:
        """Whether there was such a connection when they were read last. It reads nothing."""
        return name in self._read

    def paused(self) -> list[str]:
        """The connections that are not to be called."""
        return [name for name, connection in self.all().items() if connection.paused]

    def get(self, name: str, *, fresh: bool = False) -> tuple[VendorConnection, ConnectionDefined]:
        """`NotFound` where there is no such connection; with `fresh` as it is at this moment."""
        connection = self._as_of(0.0 if fresh else FRESH_SECONDS)[1].get(name)
        connection = connection or self._as_of(MISSED_SECONDS)[1].get(name)
        if connection is None or connection.defined is None:
            raise unknown_connection(name[:100])
        return connection, connection.defined

    def _as_of(
        self, seconds: float, least: Position = 0
    ) -> tuple[Position, Mapping[str, VendorConnection]]:
        """What was read at most so long ago, or is read now."""
        with self._lock:
            if time.monotonic() - self._read_at > seconds or self._position < least:
                log = self._log()
                if log.position != self._position:
                    keys = log.keys(VendorConnection)
                    self._read = {key: log.fold(VendorConnection, key) for key in keys}
                    self._position = log.position
                self._read_at = time.monotonic()
            return self._position, self._read
