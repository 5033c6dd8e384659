"""Sessions of an event loop keep the deadline of the settings, for a statement with all waits."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial

import pytest

from oms_ledger.app import open_prepared
from oms_ledger.domain.errors import Unavailable
from oms_ledger.engine.db.async_session import AsyncSessions
from tests.databases import Database
from tests.resilience.proxy import wire_to

pytestmark = pytest.mark.postgres


async def sleep(sessions: AsyncSessions, seconds: float) -> None:
    try:
        await sessions.rows(b"SELECT pg_sleep(%(seconds)s)", {"seconds": seconds})
    finally:
        sessions.close()


def test_a_connection_that_is_not_made_counts(ready: Database) -> None:
    with wire_to(ready.url) as wire:
        settings = replace(ready.settings, database_url=wire.url, database_deadline_seconds=0.5)
        with open_prepared(settings) as oms:
            wire.hold()
            started = time.monotonic()
            with pytest.raises(Unavailable):
                asyncio.run(sleep(oms.event_loop_sessions(1), 0))
            assert time.monotonic() - started < 3, "making a connection alone may take 5 s"
            wire.release()


@pytest.mark.long
def test_no_other_limit_is_kept(ready: Database) -> None:
    settings = replace(ready.settings, database_deadline_seconds=20.0)
    with open_prepared(settings) as oms:
        asyncio.run(sleep(oms.event_loop_sessions(1), 11))
        short = partial(replace, settings, database_deadline_seconds=5.0)
    with open_prepared(short()) as oms, pytest.raises(Unavailable):
        asyncio.run(sleep(oms.event_loop_sessions(1), 11))
