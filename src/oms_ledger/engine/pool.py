"""Connections to a ledger, set up the same way everywhere.

A ledger is a schema: `search_path` is all that SQL knows of where it is. The application acts
as the ledger's own role (see migrations/post-apply.sql), so that the grants defend the log even
against this program; owner connections (migrations, read-model tables) do not.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool

from oms_ledger.domain.errors import Invalid, Unavailable
from oms_ledger.engine.outages import is_outage
from oms_ledger.settings import Settings

log = structlog.get_logger(__name__)

Connection: TypeAlias = "psycopg.Connection[tuple[object, ...]]"
Pool: TypeAlias = "ConnectionPool[Connection]"

CONNECT_SECONDS = 10

RECONNECT_SECONDS = 2
"""How long the pool tries by itself, ever more seldom. After that whoever asks makes it try anew,
so that a database that is back is found at once, however long it was away."""

# One round trip. Whoever has waited for the head lock must see what its last holder wrote, hence
# READ COMMITTED, whatever the server's default is. The role comes last and may be missing where
# the owner must not create roles; from PostgreSQL 16 on one may be a member who must not act as
# the role.
PREPARE_SESSION = """
SELECT set_config('search_path', %(schema)s, false),
       set_config('TimeZone', 'UTC', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('lock_timeout', %(lock)s, false),
       set_config('statement_timeout', %(statement)s, false),
       set_config('idle_in_transaction_session_timeout', %(idle)s, false),
       (SELECT set_config('role', rolname, false) FROM pg_roles
        WHERE rolname = %(role)s AND pg_has_role(rolname,
            CASE WHEN current_setting('server_version_num')::int < 160000
                THEN 'MEMBER' ELSE 'SET' END)) AS role"""

_warned: set[str] = set()


class _Pool(ConnectionPool["Connection"]):
    """Says in the ledger's own words that the database is away: `Unavailable`."""

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


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Milliseconds; 0 is for ever."""

    lock_ms: int = Settings.lock_timeout_ms
    statement_ms: int = Settings.statement_timeout_ms
    idle_in_transaction_ms: int = Settings.idle_in_transaction_timeout_ms

    @staticmethod
    def of(settings: Settings) -> Timeouts:
        return Timeouts(
            settings.lock_timeout_ms,
            settings.statement_timeout_ms,
            settings.idle_in_transaction_timeout_ms,
        )


DEFAULT_TIMEOUTS = Timeouts()


def app_role(schema: str) -> str:
    """The role the application acts as; it may append to the log and never change it."""
    return f"{schema}_app"


def check(url: str) -> None:
    """`Invalid` where this is no address of a server. The driver would say so too, and repeat
    parts of it, be it the password."""
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        why = (
            "It is no address of a PostgreSQL server. Write postgresql://user:password@host/database"
            " and encode what is special in the password, as in %40 for @."
        )
        field = "OMS_DATABASE_URL"
        raise Invalid(f"{field}: {why}", errors=[{"field": field, "message": why}]) from None


def connect(
    url: str,
    schema: str,
    *,
    role: bool = True,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    application_name: str = "oms-ledger",
) -> Connection:
    """A connection in autocommit mode to the ledger in `schema`.

    `role=False` stays the owner. Raises `psycopg.OperationalError` when nobody answers within
    10 s.
    """
    connection: Connection = psycopg.connect(
        url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=application_name
    )
    try:
        prepare_session(connection, schema, role=role, timeouts=timeouts)
    except BaseException:
        connection.close()
        raise
    return connection


def prepare_session(
    connection: psycopg.Connection[Any],
    schema: str,
    *,
    role: bool = True,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
) -> None:
    """Make a fresh connection the ledger's: schema, time zone, timeouts, role."""
    row = (
        connection.cursor(row_factory=tuple_row)
        .execute(
            PREPARE_SESSION,
            {
                "schema": schema,
                "lock": str(timeouts.lock_ms),
                "statement": str(timeouts.statement_ms),
                "idle": str(timeouts.idle_in_transaction_ms),
                "role": app_role(schema) if role else None,
            },
        )
        .fetchone()
    )
    if role and row is not None and row[-1] is None and schema not in _warned:
        _warned.add(schema)
        log.warning(
            "acting_as_owner",
            schema=schema,
            detail=f"The role {app_role(schema)} is missing, so grants do not defend the log"
            " (its triggers still do). Let the owner create roles, or create the role and grant"
            " it to the owner; then migrate again.",
        )


def open_pool(
    url: str,
    schema: str,
    *,
    max_size: int = Settings.pool_connections,
    role: bool = True,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    application_name: str = "oms-ledger",
) -> Pool:
    """A pool of such connections; a broken one is replaced before it is lent. The caller closes
    it. Connections are made when first asked for. `Unavailable` where there is none to be had,
    or the database goes away while it is lent."""

    def configure(connection: Connection) -> None:
        prepare_session(connection, schema, role=role, timeouts=timeouts)

    pool: Pool = _Pool(
        url,
        kwargs={
            "autocommit": True,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": application_name,
        },
        min_size=0,
        max_size=max_size,
        timeout=CONNECT_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        configure=configure,
        check=_Pool.check_connection,
        name=schema,
        open=True,
    )
    return pool


@contextmanager
def owner(url: str, schema: str, timeouts: Timeouts = DEFAULT_TIMEOUTS) -> Generator[Connection]:
    """An owner's connection for DDL, closed afterwards."""
    connection = connect(
        url, schema, role=False, timeouts=timeouts, application_name="oms-ledger owner"
    )
    try:
        yield connection
    finally:
        connection.close()
