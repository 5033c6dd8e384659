"""Runs blocking calls in worker threads, with separate limits for short database calls and for
long waits (`min_position`)."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import anyio
from anyio import CapacityLimiter, to_thread

from oms_ledger.domain.errors import Overloaded

A = TypeVar("A")
T = TypeVar("T")

WAITS_MAX = 100
"""Requests of one process that may wait for a read model at the same time."""

QUEUE_SECONDS_MAX = 10.0
"""How long a call is queued before it fails with `Overloaded`."""

_UNLIMITED = CapacityLimiter(math.inf)


class Threads:
    """`connections` is the size of the process's connection pool. One connection is left free
    for looking up API keys; the others are how many short calls run at the same time."""

    def __init__(self, connections: int) -> None:
        self._calls = CapacityLimiter(max(1, connections - 1))
        self._waits = CapacityLimiter(WAITS_MAX)

    async def run(self, blocking: Callable[[], T]) -> T:
        """Run a short call; `Overloaded` when it was queued for too long."""
        return await _run(blocking, self._calls, QUEUE_SECONDS_MAX)

    def worker(
        self, blocking: Callable[[Sequence[A]], Sequence[T]]
    ) -> Callable[[Sequence[A]], Awaitable[Sequence[T]]]:
        """A worker of a `MicroBatcher` that serves its batches in threads."""

        async def serve(requests: Sequence[A]) -> Sequence[T]:
            return await self.run(partial(blocking, requests))

        return serve

    async def wait(self, blocking: Callable[[], T], seconds: float) -> T:
        """Run a call that mostly waits and ends by itself; `Overloaded` when it was queued for
        `seconds`."""
        return await _run(blocking, self._waits, seconds)


async def _run(blocking: Callable[[], T], limiter: CapacityLimiter, seconds: float) -> T:
    """Only the time in the queue is bounded here: a call that has begun runs to its end."""
    try:
        with anyio.fail_after(seconds):
            await limiter.acquire()
    except TimeoutError:
        raise Overloaded("Too many are asking. Try again in a second.") from None
    try:
        return await to_thread.run_sync(blocking, limiter=_UNLIMITED)
    finally:
        limiter.release()
