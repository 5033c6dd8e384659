"""A thread with a connection of its own, so that PostgreSQL works while Python folds."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg

from oms_ledger.engine.db.connection import Connection

T = TypeVar("T")


class Sender:
    """Does what it is given one after the other, in the order in which it was given. Thread and
    connection come with the first of it. `close` waits for all that was given."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._connection: Connection | None = None
        self._thread: ThreadPoolExecutor | None = None

    @property
    def broken(self) -> bool:
        """Has it lost its connection?"""
        return self._connection is not None and self._connection.closed

    def send(self, act: Callable[[Connection], T]) -> Future[T]:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sender")
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
