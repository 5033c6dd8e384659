"""A writer that is stopped, or whose network is lost, does not hold the ledger's lock for long."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oms_ledger.engine.db import pool
from oms_ledger.engine.db.pool import Timeouts
from oms_ledger.engine.db.roles import Role
from oms_ledger.settings import Settings
from tests.databases import Database, postgres15_binaries, temporary_server
from tests.engine.db.lock_holder import AMID, BETWEEN, LOCK
from tests.engine.db.test_tls import free_port

DEADLINE = 1.0
SOON = 8.0

FIRST_WITH_TRANSACTION_TIMEOUT = 170_000


@contextmanager
def stopped_holder(database: Database, place: str) -> Generator[None]:
    """A process that was stopped while it held the lock."""
    program = [sys.executable, "-m", "tests.engine.db.lock_holder"]
    process = subprocess.Popen(
        [*program, database.url, str(DEADLINE), place], stdout=subprocess.PIPE, text=True
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
