"""Threads for what blocks. Those who ask and those who wait are counted apart, so that a crowd
of waiters never keeps a question from being answered."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from oms_ledger.domain.errors import Overloaded

T = TypeVar("T")

WAITERS = 100
"""Requests of one process that may wait for a read model at the same time."""

PATIENCE_SECONDS = 10.0
"""How long a question waits for its turn before it is told to come back."""

_ANY = CapacityLimiter(math.inf)


class Threads:
    """`connections` is how many questions the database is asked at once; one is left for the
    keys."""

    def __init__(self, connections: int) -> None:
        self._asking = CapacityLimiter(max(1, connections - 1))
        self._waiting = CapacityLimiter(WAITERS)

    async def ask(self, blocking: Callable[[], T]) -> T:
        """Run something short; `Overloaded` when its turn does not come."""
        return await _run(blocking, self._asking, PATIENCE_SECONDS)

    async def wait(self, blocking: Callable[[], T], seconds: float) -> T:
        """Run something that mostly waits, and itself ends in time."""
        return await _run(blocking, self._waiting, seconds)


async def _run(blocking: Callable[[], T], limiter: CapacityLimiter, seconds: float) -> T:
    """Only the wait for a turn is bounded here: what has begun is waited for."""
    try:
        with anyio.fail_after(seconds):
            await limiter.acquire()
    except TimeoutError:
        raise Overloaded("Too many are asking. Try again in a second.") from None
    try:
        return await to_thread.run_sync(blocking, limiter=_ANY)
    finally:
        limiter.release()
