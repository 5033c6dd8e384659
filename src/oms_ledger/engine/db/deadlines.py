"""Connections that give up waiting. A server that was stopped, or a network that lost its other
half, never answers and never ends the connection: only the client's own clock ends such a wait.

The time counts for each wait: for a statement, a COMMIT, or one part of a COPY. What was waited for
may still happen on the server; the connection is gone.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import psycopg
from psycopg import errors, waiting
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import Row

T = TypeVar("T")

CONNECT_SECONDS = 5
"""How long making a connection may take."""

POLL_SECONDS = 0.1
"""How often a wait looks at whether the program was interrupted."""

TCP_LIMITS = {
    "tcp_user_timeout": "10000",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
"""Parameters of libpq: the operating system ends a connection whose other side is silent for ten
seconds. The server is told to do the same (`prepare_session`). Sockets of this machine have no such
limits."""


class DeadlinePassed(psycopg.OperationalError):
    """The server did not answer in time. The connection is closed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the server has not answered within {seconds:g} s")


class BoundedConnection(psycopg.Connection[Row]):
    """A connection whose waits end after `deadline_seconds`. None: they do not."""

    deadline_seconds: float | None = CONNECT_SECONDS

    def wait(
        self, gen: PQGen[T], interval: float = POLL_SECONDS, timeout: float | None = None
    ) -> T:
        seconds = self.deadline_seconds
        if timeout is not None or seconds is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, seconds)
        except errors._WaitTimeout:
            self.pgconn.finish()
            raise DeadlinePassed(seconds) from None


class BoundedAsyncConnection(psycopg.AsyncConnection[Row]):
    """As `BoundedConnection`. A wait that is cancelled closes the connection at once; the driver
    would first ask the server to cancel the statement, and wait for that."""

    deadline_seconds: float = CONNECT_SECONDS

    async def wait(
        self, gen: PQGen[T], interval: float = POLL_SECONDS, timeout: float | None = None
    ) -> T:
        seconds = self.deadline_seconds if timeout is None else timeout
        try:
            return await waiting.wait_async(
                gen, self.pgconn.socket, interval=interval, timeout=seconds
            )
        except errors._WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise DeadlinePassed(seconds) from None
        except asyncio.CancelledError:
            self.pgconn.finish()
            raise


def connection_parameters(url: str, application_name: str) -> dict[str, object]:
    """The parameters of a connection beside its URL. What the URL says of TCP stays."""
    given = conninfo_to_dict(url)
    limits = {name: value for name, value in TCP_LIMITS.items() if name not in given}
    return {
        "autocommit": True,
        "connect_timeout": CONNECT_SECONDS,
        "application_name": application_name,
        **limits,
    }
