"""Micro-batching: concurrent calls are collected and served by one worker call, so they share its
round trips. The more calls there are, the less each costs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from oms_ledger.domain.errors import Overloaded
from oms_ledger.http.turns import CALLER, QUEUE_SECONDS_MAX, FairQueue, too_many_waiting

Request = TypeVar("Request")
Reply = TypeVar("Reply")

_Pending = tuple[Request, "asyncio.Future[Reply]", float]
"""A request, the future of its reply, and when it was queued."""


class MicroBatcher(Generic[Request, Reply]):
    """Belongs to one event loop.

    `worker` runs at most `lanes` times at once; beside one that runs, another begins once
    `next_lane_at` requests wait. It gives one reply for each request, in order; an exception in
    that place is raised to that caller. An exception that `worker` raises is raised to all callers
    of the batch. `most` bounds the requests of a batch, in which callers take turns; `queued` those
    that wait of each caller.
    """

    def __init__(
        self,
        worker: Callable[[Sequence[Request]], Awaitable[Sequence[Reply | Exception]]],
        *,
        lanes: int = 1,
        next_lane_at: int = 1,
        most: int = 1_000_000,
        queued: int = 1_000_000,
    ) -> None:
        self._worker = worker
        self._lanes = lanes
        self._next_lane_at = next_lane_at
        self._most = most
        self._queued = queued
        self._pending: FairQueue[_Pending[Request, Reply]] = FairQueue()
        self._serving: set[asyncio.Task[None]] = set()

    async def call(self, request: Request) -> Reply:
        """The reply; `RateLimited` when too many requests of this caller wait already,
        `Overloaded` when the request was queued for too long."""
        caller = CALLER.get()
        if self._pending.of(caller) >= self._queued:
            raise too_many_waiting()
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending.append(caller, (request, future, time.monotonic()))
        if not self._serving or (
            len(self._serving) < self._lanes and len(self._pending) >= self._next_lane_at
        ):
            task = asyncio.create_task(self._serve())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await future

    async def _serve(self) -> None:
        """Serve batch after batch until the queue is empty, for no caller in particular."""
        CALLER.set(f"batches:{id(self)}")
        try:
            while batch := self._next_batch():
                await self._serve_batch(batch)
        finally:
            # At once: callbacks run later, and a call in between would wait for a lane that ended.
            self._serving.discard(asyncio.current_task())

    async def _serve_batch(self, batch: Sequence[_Pending[Request, Reply]]) -> None:
        requests = [request for request, _, _ in batch]
        replies: Sequence[Reply | Exception]
        try:
            replies = await self._worker(requests)
        except Exception as error:
            replies = [error] * len(batch)
        for (_, future, _), reply in zip(batch, replies, strict=True):
            _settle(future, reply)

    def _next_batch(self) -> list[_Pending[Request, Reply]]:
        """This lane's share of the queue, without requests that expired or were cancelled."""
        share = min(self._most, math.ceil(len(self._pending) / len(self._serving)))
        expired_before = time.monotonic() - QUEUE_SECONDS_MAX
        batch: list[_Pending[Request, Reply]] = []
        while self._pending and len(batch) < share:
            pending = self._pending.pop()
            _, future, queued_at = pending
            if queued_at < expired_before:
                _settle(future, Overloaded("Too many are asking. Try again in a second."))
            elif not future.done():
                batch.append(pending)
        return batch


def _settle(future: asyncio.Future[Reply], reply: Reply | Exception) -> None:
    if future.done():  # cancelled by its caller
        return
    if isinstance(reply, Exception):
        future.set_exception(reply)
    else:
        future.set_result(reply)
