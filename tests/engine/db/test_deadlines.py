"""A connection whose server falls silent is given up, and closed."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest
from psycopg.conninfo import conninfo_to_dict

from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db.deadlines import TCP_LIMITS, DeadlinePassed, connection_parameters
from oms_ledger.engine.db.pool import Pools, Timeouts
from oms_ledger.engine.db.roles import SERVING, Role
from oms_ledger.settings import Settings
from tests.databases import Database
from tests.resilience.proxy import wire_to
from tests.serving.family import until

SECONDS = 0.5
SOON = 10.0

OF_REQUESTS = [Role.READER, Role.WRITER]


def impatient(database: Database, url: str) -> Settings:
    return replace(database.settings, database_url=url, database_deadline_seconds=SECONDS)


@pytest.mark.postgres
@pytest.mark.parametrize("role", OF_REQUESTS)
def test_a_wait_for_a_silent_server_ends(postgres: Database, role: Role) -> None:
    with wire_to(postgres.url) as wire:
        pools = Pools(impatient(postgres, wire.url))
        connection = pools.connect(role)
        wire.hold()
        started = time.monotonic()
        with pytest.raises(DeadlinePassed):
            connection.execute("SELECT 1")
        assert time.monotonic() - started < SOON
        assert connection.closed
        wire.release()
        pools.close()


@pytest.mark.postgres
def test_a_pool_replaces_the_connection(postgres: Database) -> None:
    with wire_to(postgres.url) as wire:
        pools = Pools(impatient(postgres, wire.url))
        with pools.lend(Role.READER) as connection:
            connection.execute("SELECT 1")
        wire.hold()
        with pytest.raises(Unavailable), pools.lend(Role.READER):
            pass
        wire.release()
        until(partial(_answers, pools), "the database is used again")
        pools.close()


@pytest.mark.postgres
def test_a_pool_replaces_a_connection_without_a_server_process(postgres: Database) -> None:
    """At its first loan: nobody who borrows it sees the end."""
    for role in SERVING:
        pools = Pools(postgres.settings)
        with pools.lend(role) as connection:
            ended = connection.info.backend_pid
        with closing(postgres.connect_owner()) as owner:
            owner.execute("SELECT pg_terminate_backend(%s, 10000)", (ended,))
        with pools.lend(role) as connection:
            assert connection.info.backend_pid != ended
            assert connection.execute("SELECT 1").fetchone() == (1,)
        pools.close()


def _answers(pools: Pools) -> bool:
    try:
        with pools.lend(Role.READER) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except Unavailable:
        return False


@pytest.mark.postgres
def test_a_wait_on_an_event_loop_ends(postgres: Database) -> None:
    async def measure() -> float:
        with wire_to(postgres.url) as wire:
            connection = await Pools(impatient(postgres, wire.url)).connect_async(Role.READER)
            wire.hold()
            started = time.monotonic()
            with pytest.raises(DeadlinePassed):
                await connection.execute("SELECT 1")
            assert connection.closed
            wire.release()
            return time.monotonic() - started

    assert asyncio.run(measure()) < SOON


@pytest.mark.postgres
def test_a_cancelled_wait_on_an_event_loop_sends_the_server_nothing_more(
    postgres: Database,
) -> None:
    async def measure() -> float:
        with wire_to(postgres.url) as wire:
            settings = replace(impatient(postgres, wire.url), database_deadline_seconds=60.0)
            connection = await Pools(settings).connect_async(Role.READER)
            wire.hold()
            started = time.monotonic()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await connection.execute("SELECT 1")
            took = time.monotonic() - started
            assert connection.closed
            wire.release()
            return took

    assert asyncio.run(measure()) < SECONDS + 3, "the driver would wait for ten seconds"


@pytest.mark.parametrize("role", Role)
def test_the_server_gives_up_before_the_client(role: Role) -> None:
    settings = replace(Settings(), database_deadline_seconds=8.0)
    timeouts = Timeouts.of(settings, role)
    if role not in OF_REQUESTS:
        assert timeouts.statement_ms == settings.statement_timeout_ms
        assert (timeouts.deadline_seconds is None) == (role is Role.OWNER)
        return
    assert timeouts.deadline_seconds == 8.0
    assert 0 < timeouts.statement_ms < 8000
    assert 0 < timeouts.lock_ms < 8000
    assert role in SERVING


def test_tcp_settings_of_the_url_take_precedence() -> None:
    parameters = connection_parameters("postgresql://h/d?tcp_user_timeout=5000", "name")
    assert "tcp_user_timeout" not in parameters
    assert parameters["keepalives_idle"] == TCP_LIMITS["keepalives_idle"]
    assert set(TCP_LIMITS) <= set(connection_parameters("postgresql://h/d", "name"))
    assert conninfo_to_dict("", **TCP_LIMITS), "libpq knows all of them"
