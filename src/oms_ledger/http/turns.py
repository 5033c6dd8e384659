"""Turns for work that is bounded in number: callers take turns, so that one of them with many
requests delays another by one request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from contextvars import ContextVar
from math import inf
from typing import Generic, TypeVar

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


class FairQueue(Generic[T]):
    """Items of callers, who take turns: each pop is of the caller who has waited longest since the
    last one. The items of one caller keep their order."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[T]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def of(self, caller: str) -> int:
        """How many items of a caller wait."""
        queue = self._of.get(caller)
        return 0 if queue is None else len(queue)

    def append(self, caller: str, item: T) -> None:
        queue = self._of.get(caller)
        if queue is None:
            queue = self._of[caller] = deque()
        queue.append(item)
        self._length += 1

    def pop(self) -> T:
        """Take the next item; IndexError without one."""
        if not self._of:
            raise IndexError("nothing waits")
        caller, queue = self._of.popitem(last=False)
        item = queue.popleft()
        if queue:
            self._of[caller] = queue  # behind all others
        self._length -= 1
        return item

    def remove(self, caller: str, item: T) -> None:
        """Take an item of a caller out, where it still waits."""
        queue = self._of.get(caller)
        if queue is not None and item in queue:
            queue.remove(item)
            self._length -= 1
            if not queue:
                del self._of[caller]


def too_many_waiting() -> RateLimited:
    """The refusal of a request above the number that may wait for each caller."""
    return RateLimited(
        "Too many of your requests are waiting already. Send fewer at a time.",
        seconds=RETRY_SECONDS,
        reason="too_many_queued",
    )


class FairTurns:
    """At most `most` turns at the same time, and at most `queued` waiting for each caller. Belongs
    to one event loop."""

    def __init__(self, most: int, queued: int) -> None:
        self._free = most
        self._queued = queued
        self._waiting: FairQueue[asyncio.Future[None]] = FairQueue()

    def turn(self, seconds: float = QUEUE_SECONDS_MAX) -> Turn:
        """A turn of the present caller, for `async with`; `RateLimited` where too many of that
        caller wait already, `Overloaded` where it was queued for `seconds`."""
        return Turn(self, seconds)

    async def run(self, blocking: Callable[[], T], seconds: float = QUEUE_SECONDS_MAX) -> T:
        """Run a call in a thread, in its turn. Once begun it runs to its end."""
        async with self.turn(seconds):
            return await to_thread.run_sync(blocking, limiter=_UNLIMITED)

    async def take(self, caller: str, seconds: float) -> None:
        """Wait for a turn. It is given back by `give`."""
        if self._free > 0:
            self._free -= 1
            return
        if self._waiting.of(caller) >= self._queued:
            raise too_many_waiting()
        mine = asyncio.get_running_loop().create_future()
        self._waiting.append(caller, mine)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(mine)
        except BaseException as error:
            if mine.done():  # it was given a turn just now
                self.give()
            else:
                self._waiting.remove(caller, mine)
            if isinstance(error, TimeoutError):
                raise Overloaded("Too many are asking. Try again in a second.") from None
            raise

    def give(self) -> None:
        """Give a turn that has ended to the caller who has waited longest."""
        if self._waiting:
            self._waiting.pop().set_result(None)
        else:
            self._free += 1


class Turn:
    """A turn that ends with its block."""

    __slots__ = ("_seconds", "_turns")

    def __init__(self, turns: FairTurns, seconds: float) -> None:
        self._turns = turns
        self._seconds = seconds

    async def __aenter__(self) -> None:
        await self._turns.take(CALLER.get(), self._seconds)

    async def __aexit__(self, *error: object) -> None:
        self._turns.give()
