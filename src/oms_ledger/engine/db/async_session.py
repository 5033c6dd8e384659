"""Connections that belong to an event loop: a request that waits for the database holds no thread.

For single statements in autocommit mode, each of which sees one snapshot. Whatever needs a
transaction takes a connection of the pools in `pool.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.rows import dict_row

from oms_ledger.domain.errors import Overloaded, Unavailable
from oms_ledger.engine.db.errors import is_outage

log = structlog.get_logger(__name__)

AsyncConnection: TypeAlias = "psycopg.AsyncConnection[tuple[Any, ...]]"
Connect: TypeAlias = Callable[[], Awaitable[AsyncConnection]]

QUEUE_SECONDS_MAX = 10.0
"""How long a statement may wait for a connection."""


class AsyncSession:
    """One connection, opened when it is first needed and replaced after an outage. Used by one
    caller at a time, in one event loop. `seconds`: how long a statement may take with all its
    waits, that for a new connection among them; the server's own limit counts the statement alone,
    and a server that was stopped keeps none."""

    def __init__(self, connect: Connect, seconds: float) -> None:
        self._connect = connect
        self._seconds = seconds
        self._connection: AsyncConnection | None = None

    async def rows(
        self, statement: bytes, params: Mapping[str, object], *, prepare: bool | None = None
    ) -> list[dict[str, object]]:
        """The rows of a statement. `Unavailable` when the database does not answer in time. Without
        `prepare` it is planned each time, for these values; with None once it was sent often."""
        try:
            async with asyncio.timeout(self._seconds):
                connection = await self._open()
                cursor = connection.cursor(row_factory=dict_row)
                await cursor.execute(statement, params, prepare=prepare)
                return await cursor.fetchall() if cursor.description else []
        except TimeoutError as error:
            raise self._unavailable(error) from error
        except psycopg.Error as error:
            if not is_outage(error):
                raise
            raise self._unavailable(error) from error
        except asyncio.CancelledError:
            self.close()  # the statement may still run
            raise

    async def _open(self) -> AsyncConnection:
        if self._connection is None or self._connection.closed:
            self._connection = await self._connect()
        return self._connection

    def _unavailable(self, error: Exception) -> Unavailable:
        log.warning("database_unavailable", error=repr(error))
        self.close()
        return Unavailable("The database does not answer. Try again in a moment.")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()


class AsyncSessions:
    """A fixed number of sessions; the one that was used last is lent first. `seconds`: how long a
    statement may take."""

    def __init__(self, connect: Connect, size: int, seconds: float) -> None:
        self._all = [AsyncSession(connect, seconds) for _ in range(size)]
        self._free: asyncio.LifoQueue[AsyncSession] = asyncio.LifoQueue()
        for session in self._all:
            self._free.put_nowait(session)

    async def rows(
        self, statement: bytes, params: Mapping[str, object], *, prepare: bool | None = None
    ) -> list[dict[str, object]]:
        """As `AsyncSession.rows`, on any session; `Overloaded` when none became free in time."""
        session = await self._take()
        try:
            return await session.rows(statement, params, prepare=prepare)
        finally:
            self._free.put_nowait(session)

    async def _take(self) -> AsyncSession:
        with suppress(asyncio.QueueEmpty):
            return self._free.get_nowait()
        try:
            async with asyncio.timeout(QUEUE_SECONDS_MAX):
                return await self._free.get()
        except TimeoutError:
            raise Overloaded("Too many are asking. Try again in a second.") from None

    def close(self) -> None:
        for session in self._all:
            session.close()
