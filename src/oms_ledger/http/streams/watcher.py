"""Polls the head of the log once for all clients that follow a stream of this process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial

import structlog

from oms_ledger.domain.errors import Overloaded, ReadModelBehind, Unavailable
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.registry import EVENTS
from oms_ledger.engine.read.reader import Readers
from oms_ledger.http import metrics
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.turns import CALLER, RETRY_SECONDS
from oms_ledger.kernel import Position

log = structlog.get_logger(__name__)

CLIENTS_MAX = 1000

OF_LINK_MAX = 10
"""Streams of one tracking link, which anybody may have who has the link."""

OF_LINKS_MAX = 700
"""Streams of all tracking links: the others are for callers with a key."""

OF_CALLER_MAX = 100
"""Streams of one key."""

LINKS = "links:"
"""How a holder of streams begins that is no caller with a key but a tracking link."""

POLL_SECONDS = 1.0
"""How long one poll waits for the next event, and the pause after a poll that failed."""

WAKE_SECONDS = 0.1
"""Clients are woken at most this often, however fast the log grows."""

SHIPMENT_TYPES = sorted(name for name in EVENTS if name.startswith(f"{Shipment.category}."))


class HeadWatcher:
    """Polls the head once for all SSE clients. `head` is the newest position, `shipped` the
    newest one that may contain a shipment event; both are kept while there are clients. Belongs
    to one event loop; only `end` may be called from other threads."""

    def __init__(self, readers: Readers, threads: Threads) -> None:
        self.head: Position = 0
        self.shipped: Position = 0
        self.ended = False
        self._readers = readers
        self._threads = threads
        self._clients: Counter[str] = Counter()
        self._grown = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def refuse_if_full(self, holder: str) -> None:
        """`Overloaded` or `RateLimited` where too many streams are open, in all or of `holder`: the
        id of a caller, or `LINKS` and a link."""
        if self.ended:
            raise Unavailable("This server is shutting down. Connect again in a moment.")
        of_holder = OF_LINK_MAX if holder.startswith(LINKS) else OF_CALLER_MAX
        if self._clients[holder] >= of_holder:
            raise RateLimited(
                f"{of_holder} of these streams are open already. Close some, or ask page by page.",
                seconds=RETRY_SECONDS,
                reason="too_many_streams",
            )
        of_links = sum(n for each, n in self._clients.items() if each.startswith(LINKS))
        full = holder.startswith(LINKS) and of_links >= OF_LINKS_MAX
        if full or self._clients.total() >= CLIENTS_MAX:
            raise Overloaded("Too many streams are open. Close some, or ask page by page.")

    @contextmanager
    def client(self, holder: str) -> Generator[None]:
        """Counts as a client while this is open. The first one starts the polls."""
        self._clients[holder] += 1
        metrics.STREAMS.inc()
        self._begin()
        try:
            yield
        finally:
            self._clients[holder] -= 1
            if not self._clients[holder]:
                del self._clients[holder]
            metrics.STREAMS.dec()

    def _begin(self) -> None:
        """Start the polls where they do not run."""
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self.head = 0  # events from before the first client count as new
            self._task = self._loop.create_task(self._run())

    async def wait(self, seconds: float) -> None:
        """Return when the head has moved, when all streams end, or after `seconds`."""
        if not self.ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._grown.wait(), seconds)

    def end(self) -> None:
        """End all streams, present and future."""
        self.ended = True
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: there are no clients
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def _run(self) -> None:
        CALLER.set("streams")  # not the client that came first
        while self._clients and not self.ended:
            try:
                await self._poll()
            except ReadModelBehind:
                continue
            except Unavailable:
                await asyncio.sleep(POLL_SECONDS)
            except Exception:
                log.exception("head_poll_failed")
                await asyncio.sleep(POLL_SECONDS)

    async def _poll(self) -> None:
        wait = partial(self._readers.wait_for, None, self.head + 1, POLL_SECONDS)
        await self._threads.watch(wait)
        newest = partial(self._readers.feed, self.head, 1, None)
        before, self.head = self.head, (await self._threads.run(newest)).head
        shipments = partial(self._readers.feed, before, 1, SHIPMENT_TYPES)
        feed = await self._threads.run(shipments)
        if not before or feed.items or feed.next_after < self.head:
            self.shipped = self.head
        self._wake()
        await asyncio.sleep(WAKE_SECONDS)
