"""A thread with a connection of its own, so that PostgreSQL works while Python folds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg

from oms_ledger.engine.db.connection import Connection

T = TypeVar("T")


class ConnectionThread:
    """Runs functions of a connection one after the other, in the order of submission. Thread and
    connection are made for the first of them. `close` waits for all that were submitted."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    @property
    def disconnected(self) -> bool:
        """Whether its connection was lost."""
        return self._connection is not None and self._connection.closed

    def submit(self, act: Callable[[Connection], T]) -> Future[T]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "connection")
        return self._thread.submit(self._act, act)

    def close(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()

    def _act(self, act: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = self._connect()
        return act(self._connection)
