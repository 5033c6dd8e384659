"""One look at the ledger for all who follow it in this process, however many they are."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial

import structlog

from oms_ledger.domain.errors import Overloaded, ReadModelBehind, Unavailable
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.registry import EVENTS
from oms_ledger.engine.read.reader import Readers
from oms_ledger.http import metrics
from oms_ledger.http.queries.threads import Threads
from oms_ledger.kernel import Position

log = structlog.get_logger(__name__)

FOLLOWERS_MAX = 1000
LOOK_SECONDS = 1.0
PACE_SECONDS = 0.1
"""At most so often are all followers woken, however fast the ledger grows."""

SHIPMENT_TYPES = sorted(name for name in EVENTS if name.startswith(f"{Shipment.category}."))


class Pulse:
    """Knows the newest position, and one by which the newest news of shipments are out, while
    anybody follows. Lives on one event loop; `end` alone may be called from anywhere."""

    def __init__(self, readers: Readers, threads: Threads) -> None:
        self.head: Position = 0
        self.shipped: Position = 0
        self.ended = False
        self._readers = readers
        self._threads = threads
        self._followers = 0
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def refuse_if_full(self) -> None:
        if self._followers >= FOLLOWERS_MAX:
            raise Overloaded(f"{FOLLOWERS_MAX} streams are open. Close some, or ask page by page.")
        if self.ended:
            raise Unavailable("This server is shutting down. Connect again in a moment.")

    @contextmanager
    def following(self) -> Generator[None]:
        """While this is open the pulse is taken."""
        self._followers += 1
        metrics.STREAMS.inc()
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self.head = 0  # what happened while nobody followed is news
            self._task = self._loop.create_task(self._look())
        try:
            yield
        finally:
            self._followers -= 1
            metrics.STREAMS.dec()

    async def moved(self, seconds: float) -> None:
        """Return when the ledger has grown, all is over, or time has passed."""
        if not self.ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), seconds)

    def end(self) -> None:
        """End all streams, now and to come."""
        self.ended = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody follows
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def _look(self) -> None:
        while self._followers and not self.ended:
            try:
                await self._beat()
            except ReadModelBehind:
                continue
            except Unavailable:
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                log.exception("pulse_missed")
                await asyncio.sleep(LOOK_SECONDS)

    async def _beat(self) -> None:
        wait = partial(self._readers.wait_for, None, self.head + 1, LOOK_SECONDS)
        await self._threads.wait(wait, LOOK_SECONDS)
        grown = partial(self._readers.feed, self.head, 1, None)
        before, self.head = self.head, (await self._threads.run(grown)).head
        news = partial(self._readers.feed, before, 1, SHIPMENT_TYPES)
        found = await self._threads.run(news)
        if not before or found.items or found.next_after < self.head:
            self.shipped = self.head
        self._wake()
        await asyncio.sleep(PACE_SECONDS)
