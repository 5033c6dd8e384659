"""Runs blocking calls in worker threads, with separate limits for short database calls and for
long waits (`min_position`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import inf
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.micro_batcher import MicroBatcher
from oms_ledger.http.turns import CALLER, RETRY_SECONDS, FairTurns

A = TypeVar("A")
T = TypeVar("T")

WAITS_MAX = 100
"""Requests of one process that may wait for a read model at the same time."""

WAITS_OF_CALLER_MAX = 25
"""How many of them may be of one caller."""

CALLS_QUEUED_MAX = 1000
"""Short calls of one caller that may wait for a thread."""

_UNLIMITED = CapacityLimiter(inf)


class Threads:
    """`connections` is the size of the process's connection pool. One connection is left free
    for looking up API keys; the others are how many short calls run at the same time. Belongs to
    one event loop."""

    def __init__(self, connections: int) -> None:
        self._calls = FairTurns(max(1, connections - 1), CALLS_QUEUED_MAX)
        self._waits: Counter[str] = Counter()

    async def run(self, blocking: Callable[[], T]) -> T:
        """Run a short call; `Overloaded` when it was queued for too long."""
        return await self._calls.run(blocking)

    def worker(
        self, blocking: Callable[[Sequence[A]], Sequence[T]]
    ) -> Callable[[Sequence[A]], Awaitable[Sequence[T]]]:
        """A worker of a `MicroBatcher` that serves its batches in threads."""

        async def serve(requests: Sequence[A]) -> Sequence[T]:
            return await self.run(partial(blocking, requests))

        return serve

    def batched(
        self, blocking: Callable[[Sequence[A]], Sequence[T]]
    ) -> Callable[[A], Awaitable[T]]:
        """A function of one argument whose concurrent calls are served by one call of
        `blocking`, in a thread."""
        batcher: MicroBatcher[A, T] = MicroBatcher(self.worker(blocking))
        return batcher.call

    async def wait(self, blocking: Callable[[], T]) -> T:
        """Run a call that mostly waits and ends by itself; `RateLimited` when too many of this
        caller run already, `Overloaded` when too many run in all."""
        caller = CALLER.get()
        if self._waits[caller] >= WAITS_OF_CALLER_MAX:
            raise RateLimited(
                f"{WAITS_OF_CALLER_MAX} of your requests wait for a position already. Send fewer at"
                " a time.",
                seconds=RETRY_SECONDS,
                reason="too_many_waits",
            )
        if self._waits.total() >= WAITS_MAX:
            raise Overloaded("Too many are waiting. Try again in a second.")
        self._waits[caller] += 1
        try:
            return await self.watch(blocking)
        finally:
            self._waits[caller] -= 1
            if not self._waits[caller]:
                del self._waits[caller]

    async def watch(self, blocking: Callable[[], T]) -> T:
        """Run a wait of the program's own, which no request may keep from it."""
        return await to_thread.run_sync(blocking, limiter=_UNLIMITED)
