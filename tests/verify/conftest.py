"""Histories to verify: one in memory, and one on PostgreSQL that every test gets a copy of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from oms_ledger.audit.store import StoredEvent
from oms_ledger.engine import codec
from oms_ledger.testing import MemoryLedger
from tests.audit_time.shop import RandomShop

STEPS = 400

History = Callable[[int], Sequence[StoredEvent]]


@pytest.fixture(scope="session")
def history() -> History:
    """What a random shop wrote, as it is stored; the same for the same seed."""
    made: dict[int, Sequence[StoredEvent]] = {}

    def of(seed: int) -> Sequence[StoredEvent]:
        if seed not in made:
            made[seed] = _played(seed)
        return made[seed]

    return of


def _played(seed: int) -> Sequence[StoredEvent]:
    with MemoryLedger() as ledger:
        shop = RandomShop(seed, lambda c: ledger.execute(c).answer, lambda: ledger.now)
        for _ in range(STEPS):
            ledger.now += timedelta(minutes=7)
            shop.step()
        return [
            StoredEvent(
                r.position,
                r.stream,
                r.version,
                type(r.event).type,
                codec.encode(r.event, r.meta),
            )
            for r in ledger.history()
        ]
