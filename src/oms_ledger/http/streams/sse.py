"""Server-sent events: the feed from a position on, and the tracking page of one parcel."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

import orjson
from anyio import CancelScope, create_task_group, sleep
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from oms_ledger.access.principals import ANONYMOUS
from oms_ledger.app import Oms
from oms_ledger.domain.errors import OmsError, Unavailable
from oms_ledger.domain.json_values import feed_item
from oms_ledger.engine.read.query import QueryResult
from oms_ledger.http.auth import READMIT, principal_of
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.queries.executor import POSITION_MAX, Freshness, QueryExecutor
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields, whole
from oms_ledger.http.streams.feed import event_types, refuse_others
from oms_ledger.http.streams.watcher import LINKS, HeadWatcher
from oms_ledger.kernel import Position, Query
from oms_ledger.validation import invalid

KEEPALIVE_SECONDS = 15.0
"""How often a quiet stream sends a comment, so that proxies do not close it."""

RETRY_SECONDS = 1.0
"""Pause after a read that failed because the database was away."""

PAGE_EVENTS = 500

READMIT_SECONDS = 2.0
"""How often it is checked that the caller of an open stream may still read it."""

RETRY = b"retry: 2000\n\n"
KEEPALIVE = b": keepalive\n\n"
AWAY = b": the database does not answer\n\n"

Chunks = AsyncGenerator[bytes, None]


class EventStream(StreamingResponse):
    """A response whose chunks follow the head of the log. It counts as a client of `watcher`
    while it is open, and ends soon after its caller's key or token is no longer valid."""

    def __init__(self, watcher: HeadWatcher, holder: str, chunks: Chunks) -> None:
        headers = {"x-accel-buffering": "no"}  # nginx would keep events back
        super().__init__(chunks, 200, headers, "text/event-stream")
        self._watcher = watcher
        self._holder = holder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._watcher.client(self._holder):
            async with create_task_group() as group:
                group.start_soon(_end_when_refused, scope[READMIT], group.cancel_scope)
                await super().__call__(scope, receive, send)
                group.cancel_scope.cancel()
                return
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _end_when_refused(readmit: Callable[[], Awaitable[None]], stream: CancelScope) -> None:
    while True:
        await sleep(READMIT_SECONDS)
        try:
            await readmit()
        except Unavailable:  # nothing can be read either, until the database answers
            continue
        except OmsError:
            stream.cancel()


class FeedStream:
    """The feed from `after` on, without an end. `Last-Event-ID` resumes a stream that broke
    off."""

    def __init__(
        self, oms: Oms, threads: Threads, watcher: HeadWatcher, disclosure: Disclosure
    ) -> None:
        self._oms = oms
        self._threads = threads
        self._watcher = watcher
        self._disclosure = disclosure

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        after = whole(fields, "after", 0, POSITION_MAX - PAGE_EVENTS)
        types = event_types(fields)
        refuse_others(fields)
        holder = principal_of(request).id
        self._watcher.refuse_if_full(holder)
        start = last_event_id(request, after)
        return EventStream(self._watcher, holder, self._events(request, start, types))

    async def _events(
        self, request: Request, after: Position, types: Sequence[str] | None
    ) -> Chunks:
        watcher = self._watcher
        yield RETRY
        while not watcher.ended:
            page = partial(self._oms.readers.feed, after, PAGE_EVENTS, types)
            try:
                feed = await self._threads.run(page)
                items = [feed_item(r) for r in feed.items]
                messages = (
                    await self._disclosure.content(request, items, _messages) if items else b""
                )
            except Unavailable:
                yield AWAY
                await watcher.wait(RETRY_SECONDS)
                continue
            if messages:
                yield messages
            after = feed.next_after
            if max(feed.head, watcher.head) <= after:
                await watcher.wait(KEEPALIVE_SECONDS)
                if watcher.head <= after:
                    yield KEEPALIVE


class ParcelStream:
    """The tracking page of a parcel: as it is now, and again after each change."""

    def __init__(
        self,
        executor: QueryExecutor,
        watcher: HeadWatcher,
        disclosure: Disclosure,
        query: Query,
    ) -> None:
        self._execute = partial(executor.run, query, rights=ANONYMOUS.read_rights)
        self._watcher = watcher
        self._disclosure = disclosure
        self._query = query

    async def __call__(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        fields = path_fields(request)
        params: object = self._query.params(**fields)
        holder = f"{LINKS}{fields['token']}"
        self._watcher.refuse_if_full(holder)
        shown = await self._execute(params, _soon(None))
        first = await self._message(request, shown)
        self._watcher.refuse_if_full(holder)  # others may have come meanwhile
        return EventStream(self._watcher, holder, self._changes(request, params, shown, first))

    async def _changes(
        self, request: Request, params: object, shown: QueryResult, first: bytes
    ) -> Chunks:
        """`shown` is the answer that the client has: at first that of the message `first`."""
        watcher = self._watcher
        yield RETRY + first
        alive_until = time.monotonic() + KEEPALIVE_SECONDS
        while not watcher.ended:
            if watcher.shipped <= shown.position:
                await watcher.wait(max(0.0, alive_until - time.monotonic()))
            if time.monotonic() >= alive_until:
                alive_until = time.monotonic() + KEEPALIVE_SECONDS
                yield KEEPALIVE
            if watcher.shipped <= shown.position:  # no shipment event since then
                continue
            try:
                newest = await self._execute(params, _soon(watcher.shipped))
                changed = newest.body != shown.body
                message = await self._message(request, newest) if changed else b""
            except (Unavailable, RateLimited):
                await watcher.wait(RETRY_SECONDS)
                continue
            if message:
                yield message
            shown = newest

    async def _message(self, request: Request, result: QueryResult) -> bytes:
        rendered = await self._disclosure.content(request, result.body)
        return _message(result.position, rendered)


def last_event_id(request: Request, after: Position) -> Position:
    """The position in `Last-Event-ID`, which browsers send when they reconnect; else `after`."""
    text = request.headers.get("last-event-id", "").strip()
    if not text:
        return after
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise invalid("Last-Event-ID", "Send the id of the last event, a position.")
    return int(text)


def _soon(least: Position | None) -> Freshness:
    return Freshness(least, time.monotonic() + 2.0)


def _messages(items: Iterable[object]) -> bytes:
    """Items of the feed as messages, each with its position as `id`."""
    every = cast("Iterable[Mapping[str, int]]", items)
    return b"".join(_message(item["position"], orjson.dumps(item)) for item in every)


def _message(position: Position, data: bytes) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (position, data)
