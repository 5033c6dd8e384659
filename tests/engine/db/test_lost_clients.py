"""A writer that is stopped, or whose network is lost, does not hold the ledger's lock for long."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # the library has no types
import pytest

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db import pool
from oms_ledger.engine.db.binary import copy_event_rows
from oms_ledger.engine.db.deadlines import DeadlinePassed
from oms_ledger.engine.db.pool import Pools, Timeouts
from oms_ledger.engine.db.roles import Role
from oms_ledger.engine.log.postgres import SQL, PostgresStore
from oms_ledger.engine.log.store import EventRow
from oms_ledger.engine.write.writer import Writer
from oms_ledger.settings import Settings
from tests.databases import Database, postgres15_binaries, temporary_server
from tests.engine.db.lock_holder import AMID, BETWEEN, COPYING, LOCK
from tests.engine.db.test_tls import free_port
from tests.engine.submissions import refusals, submissions, submit
from tests.engine.toy import Receive

DEADLINE = 1.0
SOON = 8.0

MANY_ROWS = 50_000
"""More than the buffers of a socket hold."""

FIRST_WITH_TRANSACTION_TIMEOUT = 170_000


@contextmanager
def stopped_holder(database: Database, place: str, deadline: float = DEADLINE) -> Generator[None]:
    """A process that was stopped while it held the lock."""
    program = [sys.executable, "-m", "tests.engine.db.lock_holder"]
    process = subprocess.Popen(
        [*program, database.url, str(deadline), place], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        process.send_signal(signal.SIGSTOP)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.postgres
@pytest.mark.parametrize("place", [BETWEEN, AMID])
def test_a_stopped_writer_loses_the_lock(ready: Database, place: str) -> None:
    unhurried = Timeouts(lock_ms=60_000, statement_ms=60_000)
    with pool.connect(ready.url, ready.schema, role=Role.WRITER, timeouts=unhurried) as other:
        if place == AMID and other.info.server_version < FIRST_WITH_TRANSACTION_TIMEOUT:
            pytest.skip("this server has no transaction_timeout")
        with stopped_holder(ready, place):
            started = time.monotonic()
            other.execute(LOCK)
            took = time.monotonic() - started
    assert 0.1 < took < SOON


@pytest.mark.postgres
@pytest.mark.parametrize("place", [BETWEEN, AMID, COPYING])
def test_a_writer_that_waits_ends_one_that_is_stopped(ready: Database, place: str) -> None:
    """Whatever timeouts the server has; amid a COPY it has none."""
    settings = replace(Settings(), database_url=ready.url, database_deadline_seconds=DEADLINE)
    writer = Writer(PostgresStore(partial(Pools(settings).connect, Role.WRITER)))
    try:
        with stopped_holder(ready, place, deadline=60.0):
            started = time.monotonic()
            (first,) = refusals(writer.submit_many(submissions([Receive("X", 1)])))
            assert isinstance(first, Unavailable)
            assert submit(writer, Receive("X", 1)).position == 1
            assert time.monotonic() - started < SOON
    finally:
        writer.close()


@pytest.mark.postgres
def test_sessions_that_do_not_hold_the_lock_are_left_alone(ready: Database) -> None:
    """Writers of this and of other databases, in a transaction that is older than the wait."""
    settings = replace(Settings(), database_url=ready.url, database_deadline_seconds=DEADLINE)
    writer = Writer(PostgresStore(partial(Pools(settings).connect, Role.WRITER)))
    unhurried = Timeouts(lock_ms=60_000, statement_ms=60_000, idle_in_transaction_ms=60_000)
    with pool.connect(ready.url, ready.schema, role=Role.WRITER, timeouts=unhurried) as other:
        name = other.execute("SELECT current_setting('application_name')").fetchone()
        other.execute("BEGIN")
        other.execute("SELECT position FROM ledger_head")
        try:
            with stopped_holder(ready, BETWEEN, deadline=60.0):
                refusals(writer.submit_many(submissions([Receive("X", 1)])))
                assert submit(writer, Receive("X", 1)).position == 1
            assert other.execute("SELECT current_setting('application_name')").fetchone() == name
        finally:
            writer.close()


@pytest.mark.postgres
@pytest.mark.parametrize("amid", [True, False])
def test_a_copy_to_a_server_that_is_stopped_ends(ready: Database, amid: bool) -> None:
    """On a socket of this machine, of which the operating system ends no connection: while rows are
    sent, and while the server is to say that it has them."""
    settings = replace(Settings(), database_url=ready.url, database_deadline_seconds=DEADLINE)
    connection = Pools(settings).connect(Role.WRITER)
    session = psutil.Process(connection.info.backend_pid)
    events = [EventRow("stock-X", 1, "a.topic", b"{}", 1)] * (MANY_ROWS if amid else 1)

    def copy() -> None:
        with connection.cursor().copy(SQL["copy_events"]) as copied:
            session.suspend()
            copied.write(copy_event_rows(events))

    started = time.monotonic()
    try:
        connection.execute("BEGIN")
        with pytest.raises(DeadlinePassed):
            copy()
    finally:
        session.resume()
    assert DEADLINE <= time.monotonic() - started < SOON
    assert connection.closed


def test_a_lost_writer_holds_the_lock_for_fifteen_seconds_at_most() -> None:
    """With the settings as they come, and however long others allow."""
    for settings in (Settings(), Settings(idle_in_transaction_timeout_ms=600_000)):
        timeouts = Timeouts.of(settings, Role.WRITER)
        assert 0 < timeouts.idle_in_transaction_ms <= 10_000
        assert 0 < timeouts.transaction_ms <= 15_000
    assert Timeouts.of(Settings(), Role.PROJECTOR).transaction_ms == 0


@pytest.mark.postgres
def test_the_server_drops_a_silent_client_of_tcp() -> None:
    binaries = postgres15_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL here whose server listens for TCP")
    port = free_port()

    def listen(data: Path) -> None:
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"listen_addresses = '127.0.0.1'\nport = {port}\n")

    with temporary_server(binaries, listen):
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        with pool.connect(url, "oms_main", role=None) as connection:
            waiters = {
                name: connection.execute(f"SHOW {name}").fetchone()
                for name in (
                    "tcp_user_timeout",
                    "tcp_keepalives_idle",
                    "tcp_keepalives_interval",
                    "tcp_keepalives_count",
                )
            }
    assert waiters == {
        "tcp_user_timeout": ("10000",),
        "tcp_keepalives_idle": ("5",),
        "tcp_keepalives_interval": ("2",),
        "tcp_keepalives_count": ("3",),
    }
