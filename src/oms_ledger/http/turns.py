"""Turns for work that is bounded in number: callers take turns, so that one of them with many
requests delays another by one request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from math import inf
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.errors import RateLimited

T = TypeVar("T")

QUEUE_SECONDS_MAX = 10.0
"""How long a call is queued before it fails with `Overloaded`."""

RETRY_SECONDS = 1.0

CALLER: ContextVar[str] = ContextVar("caller", default="")
"""The id of the principal whose request this task serves."""

_UNLIMITED = CapacityLimiter(inf)


class FairTurns:
    """At most `most` turns at the same time, and at most `queued` waiting for each caller. Belongs
    to one event loop."""

    def __init__(self, most: int, queued: int) -> None:
        self._free = most
        self._queued = queued
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, seconds: float = QUEUE_SECONDS_MAX) -> AsyncGenerator[None]:
        """A turn of the present caller; `RateLimited` where too many of that caller wait already,
        `Overloaded` where it was queued for `seconds`."""
        await self._take(CALLER.get(), seconds)
        try:
            yield
        finally:
            self._give()

    async def run(self, blocking: Callable[[], T], seconds: float = QUEUE_SECONDS_MAX) -> T:
        """Run a call in a thread, in its turn. Once begun it runs to its end."""
        async with self.turn(seconds):
            return await to_thread.run_sync(blocking, limiter=_UNLIMITED)

    async def _take(self, caller: str, seconds: float) -> None:
        if self._free > 0:
            self._free -= 1
            return
        queue = self._queues.setdefault(caller, deque())
        if len(queue) >= self._queued:
            raise RateLimited(
                "Too many of your requests are waiting already. Send fewer at a time.",
                seconds=RETRY_SECONDS,
                reason="too_many_queued",
            )
        mine = asyncio.get_running_loop().create_future()
        queue.append(mine)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(mine)
        except BaseException as error:
            if mine.done():  # it was given a turn just now
                self._give()
            else:
                self._leave(caller, mine)
            if isinstance(error, TimeoutError):
                raise Overloaded("Too many are asking. Try again in a second.") from None
            raise

    def _leave(self, caller: str, mine: asyncio.Future[None]) -> None:
        queue = self._queues.get(caller)
        if queue is not None and mine in queue:
            queue.remove(mine)
            if not queue:
                del self._queues[caller]

    def _give(self) -> None:
        """Give a turn that has ended to the caller who has waited longest."""
        if not self._queues:
            self._free += 1
            return
        caller, queue = self._queues.popitem(last=False)
        queue.popleft().set_result(None)
        if queue:
            self._queues[caller] = queue  # behind all others
