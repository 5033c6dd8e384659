"""Connections to a ledger, set up the same way everywhere.

A ledger is a schema: statements find it by `search_path`. Each connection acts in the role of the
ledger with the fewest rights that suffice (see `roles.py`), so that the grants defend the ledger
even against this program; only migrations and tables of read models are made as its owner.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from select import POLLIN, poll
from threading import Lock
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import roles, statements
from oms_ledger.engine.db.async_session import AsyncConnection
from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.deadlines import (
    TCP_LIMITS,
    BoundedAsyncConnection,
    BoundedConnection,
    connection_parameters,
)
from oms_ledger.engine.db.errors import is_outage
from oms_ledger.engine.db.roles import Role
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

Pool: TypeAlias = "ConnectionPool[Connection]"

SQL = statements.queries(__package__)

POOL_SECONDS = 10
"""How long a pool may take to lend a connection."""

UNHURRIED_SECONDS = 600.0
"""The deadline of connections that no request waits for, as those that fold and seal."""

SHARE_OF_DEADLINE = 0.9
"""The server gives up a little before the client, whose connection is lost then."""

TRANSACTION_SHARE = 1.2
"""How long a transaction of the writer may take, as a share of the deadline: it waits for the lock,
and then once more."""

RECONNECT_SECONDS = 2
"""How long the pool tries to reconnect by itself, with growing pauses. After that each request for
a connection tries again, so that a database that is back is used at once."""


class _Pool(ConnectionPool["Connection"]):
    """Raises `Unavailable` for every outage of the database."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        try:
            with super().connection(timeout) as connection:
                yield connection
        except psycopg.Error as error:
            if not is_outage(error):
                raise
            log.warning("database_unavailable", error=repr(error))
            raise Unavailable("The database does not answer. Try again in a moment.") from error

    @staticmethod
    def check_socket(connection: Connection) -> None:
        """As `check_connection`, but that the server is called only where it has sent something: to
        an idle connection it sends nothing but that it has ended."""
        poller = poll()
        poller.register(connection.fileno(), POLLIN)
        if poller.poll(0):
            _Pool.check_connection(connection)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """In milliseconds; 0: no timeout. `deadline_seconds` is kept by the client, the others by the
    server; None: no deadline."""

    lock_ms: int = Settings.lock_timeout_ms
    statement_ms: int = Settings.statement_timeout_ms
    idle_in_transaction_ms: int = Settings.idle_in_transaction_timeout_ms
    deadline_seconds: float | None = UNHURRIED_SECONDS
    transaction_ms: int = 0

    @staticmethod
    def of(settings: Settings, role: Role) -> Timeouts:
        """Those of a role: requests wait for what the writer and the reader do, so that these have
        the setting's deadline; the owner, who makes tables and indexes, has none. A writer that is
        lost must not hold the ledger's lock for longer than a request waits."""
        timeouts = Timeouts(
            settings.lock_timeout_ms,
            settings.statement_timeout_ms,
            settings.idle_in_transaction_timeout_ms,
            None if role is Role.OWNER else UNHURRIED_SECONDS,
        )
        if role not in (Role.WRITER, Role.READER):
            return timeouts
        deadline = settings.database_deadline_seconds
        most = int(deadline * 1000 * SHARE_OF_DEADLINE)
        of_transaction = int(deadline * 1000 * TRANSACTION_SHARE) if role is Role.WRITER else 0
        return replace(
            timeouts,
            lock_ms=min(timeouts.lock_ms or most, most),
            statement_ms=min(timeouts.statement_ms or most, most),
            idle_in_transaction_ms=min(timeouts.idle_in_transaction_ms or most, most),
            transaction_ms=of_transaction,
            deadline_seconds=deadline,
        )


DEFAULT_TIMEOUTS = Timeouts()


def connect(
    url: str,
    schema: str,
    *,
    role: Role | None = Role.READER,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    application_name: str = "oms-ledger",
) -> Connection:
    """A connection in autocommit mode to the ledger in `schema`.

    Without a role it acts as the login, for making the roles. `Refused` when the login may not
    act as the role; `psycopg.OperationalError` when the server does not answer in time.
    """
    parameters: Any = connection_parameters(url, application_name)
    connection: BoundedConnection[tuple[Any, ...]] = BoundedConnection.connect(url, **parameters)
    try:
        prepare_session(connection, schema, role=role, timeouts=timeouts)
        connection.deadline_seconds = timeouts.deadline_seconds
    except BaseException:
        connection.close()
        raise
    return connection


@dataclass(frozen=True, slots=True)
class Connector:
    """Opens connections of one role. Can be pickled."""

    url: str
    schema: str
    role: Role
    timeouts: Timeouts

    def __call__(self) -> Connection:
        return connect(self.url, self.schema, role=self.role, timeouts=self.timeouts)


async def connect_async(
    url: str, schema: str, *, role: Role, timeouts: Timeouts = DEFAULT_TIMEOUTS
) -> AsyncConnection:
    """As `connect`, for the event loop that is running."""
    parameters: Any = connection_parameters(url, "oms-ledger")
    connection: BoundedAsyncConnection[tuple[Any, ...]]
    connection = await BoundedAsyncConnection.connect(url, **parameters)
    try:
        cursor = await connection.execute(
            SQL["prepare_session"], _session_params(schema, role, timeouts)
        )
        _check_role(connection.info.user, await cursor.fetchone(), schema, role)
        if timeouts.deadline_seconds is not None:
            connection.deadline_seconds = timeouts.deadline_seconds
    except BaseException:
        connection.pgconn.finish()
        raise
    return connection


def prepare_session(
    connection: Connection,
    schema: str,
    *,
    role: Role | None = Role.READER,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> None:
    """Set the schema, time zone, timeouts and role of a new connection."""
    row = (
        connection.cursor(row_factory=tuple_row)
        .execute(SQL["prepare_session"], _session_params(schema, role, timeouts))
        .fetchone()
    )
    _check_role(connection.info.user, row, schema, role)


def _session_params(schema: str, role: Role | None, timeouts: Timeouts) -> dict[str, str | None]:
    return {
        "schema": schema,
        "lock": str(timeouts.lock_ms),
        "statement": str(timeouts.statement_ms),
        "idle": str(timeouts.idle_in_transaction_ms),
        "transaction": str(timeouts.transaction_ms),
        **TCP_LIMITS,
        "role": role.of(schema) if role else None,
    }


def _check_role(user: str, row: tuple[object, ...] | None, schema: str, role: Role | None) -> None:
    """`Refused` where the session did not get the role, of which `row` has the name last."""
    if role and row is not None and row[-1] is None:
        raise roles.refusal(user, schema, [role])


def open_pool(
    url: str,
    schema: str,
    *,
    max_size: int = Settings.pool_connections,
    role: Role = Role.READER,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    application_name: str = "oms-ledger",
) -> Pool:
    """A pool of such connections; a broken one is replaced before it is lent. The caller closes
    the pool. Connections are made when they are first needed. `Unavailable` when none can be
    made, or when the database goes away while one is lent.

    Connections of the connector, who needs them several times for each job and batch of messages,
    are lent without a call of the server where they seem whole. Where a silent server has yet to be
    noticed, the statement fails in the place of the loan; jobs and messages are repeated then."""

    def configure(connection: Connection) -> None:
        prepare_session(connection, schema, role=role, timeouts=timeouts)
        assert isinstance(connection, BoundedConnection)
        connection.deadline_seconds = timeouts.deadline_seconds

    pool: Pool = _Pool(
        url,
        connection_class=BoundedConnection,
        kwargs=connection_parameters(url, application_name),
        min_size=0,
        max_size=max_size,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        configure=configure,
        check=_Pool.check_socket if role is Role.CONNECTOR else _Pool.check_connection,
        name=role.of(schema),
        open=True,
    )
    return pool


@contextmanager
def owner(url: str, schema: str, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Generator[Connection]:
    """A connection as the ledger's owner, for DDL; closed at the end."""
    connection = connect(
        url, schema, role=Role.OWNER, timeouts=timeouts, application_name="oms-ledger owner"
    )
    try:
        yield connection
    finally:
        connection.close()


class Pools:
    """Connections to one ledger by role. Each role of `SERVING` has a pool of its own, made when it
    is first used; other roles get a new connection each time. Used by any number of threads.

    All roles but those of `SERVING` use the login of `owner_url`, if that is set."""

    def __init__(self, settings: Settings) -> None:
        if settings.database_url is None:
            raise ValueError("there is no database to connect to yet")
        self._serving_url = settings.database_url
        self._owner_url = settings.owner_url or settings.database_url
        self._schema = settings.schema
        self._max_size = settings.pool_connections
        self._settings = settings
        self._pools: dict[Role, Pool] = {}
        self._lock = Lock()

    def lend(self, role: Role) -> AbstractContextManager[Connection]:
        """A connection that acts as this role; `Unavailable` when the database does not answer."""
        if role not in roles.SERVING:
            return self._lend_unpooled(role)
        return self.of(role).connection()

    def of(self, role: Role) -> Pool:
        """The pool of a role of `SERVING`."""
        with self._lock:
            if role not in self._pools:
                self._pools[role] = open_pool(
                    self._serving_url,
                    self._schema,
                    max_size=self._max_size,
                    role=role,
                    timeouts=Timeouts.of(self._settings, role),
                )
            return self._pools[role]

    def connect(self, role: Role) -> Connection:
        """A connection of the caller's own."""
        return self.connector(role)()

    def connector(self, role: Role) -> Connector:
        """What `connect` does, for this and for other processes."""
        url = self._serving_url if role in roles.SERVING else self._owner_url
        return Connector(url, self._schema, role, Timeouts.of(self._settings, role))

    async def connect_async(self, role: Role) -> AsyncConnection:
        """As `connect`, for a role of `SERVING` and the event loop that is running."""
        timeouts = Timeouts.of(self._settings, role)
        return await connect_async(self._serving_url, self._schema, role=role, timeouts=timeouts)

    @contextmanager
    def _lend_unpooled(self, role: Role) -> Generator[Connection]:
        """Not pooled: a connection with many rights is open only while it is used."""
        connection = self.connect(role)
        try:
            yield connection
        finally:
            connection.close()

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
