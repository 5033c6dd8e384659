"""Server-sent events: the feed as it grows, and one parcel on its way."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from functools import partial
from typing import cast

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from oms_ledger.app import Answer
from oms_ledger.domain.errors import Unavailable
from oms_ledger.domain.json_values import feed_item
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.errors import invalid
from oms_ledger.http.queries.executor import POSITION_MAX, Freshness
from oms_ledger.http.requests import path_fields, query_fields, whole
from oms_ledger.http.resources import Inside
from oms_ledger.http.streams.feed import event_types, refuse_others
from oms_ledger.http.streams.watcher import Pulse
from oms_ledger.kernel import Position, Query

KEEPALIVE_SECONDS = 15.0
"""So that proxies do not take a quiet stream for a dead one."""

AGAIN_SECONDS = 1.0
PAGE_EVENTS = 500

RETRY = b"retry: 2000\n\n"
KEEPALIVE = b": keepalive\n\n"
AWAY = b": the database does not answer\n\n"

Chunks = AsyncGenerator[bytes, None]


class EventStream(StreamingResponse):
    """A stream that follows the pulse for as long as it is open."""

    def __init__(self, pulse: Pulse, chunks: Chunks) -> None:
        headers = {"x-accel-buffering": "no"}  # nginx would keep events back
        super().__init__(chunks, 200, headers, "text/event-stream")
        self._pulse = pulse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._pulse.following():
            await super().__call__(scope, receive, send)


class FeedStream:
    """The feed from `after` on, and on and on; `Last-Event-ID` takes up where it broke off."""

    def __init__(self, inside: Inside, pulse: Pulse) -> None:
        self._oms = inside.oms
        self._threads = inside.threads
        self._pulse = pulse
        self._shown = Shown(inside, "GET /v1/events/stream")

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        after = whole(fields, "after", 0, POSITION_MAX - PAGE_EVENTS)
        types = event_types(fields)
        refuse_others(fields)
        self._pulse.refuse_if_full()
        since = last_event_id(request, after)
        return EventStream(self._pulse, self._events(request, since, types))

    async def _events(
        self, request: Request, after: Position, types: Sequence[str] | None
    ) -> Chunks:
        pulse = self._pulse
        yield RETRY
        while not pulse.ended:
            page = partial(self._oms.readers.feed, after, PAGE_EVENTS, types)
            try:
                feed = await self._threads.run(page)
                items = [feed_item(r) for r in feed.items]
                told = await self._shown.content(request, items, _told) if items else b""
            except Unavailable:
                yield AWAY
                await pulse.moved(AGAIN_SECONDS)
                continue
            if told:
                yield told
            after = feed.next_after
            if max(feed.head, pulse.head) <= after:
                await pulse.moved(KEEPALIVE_SECONDS)
                if pulse.head <= after:
                    yield KEEPALIVE


class ParcelStream:
    """A parcel as its recipient may see it, now and whenever it changes."""

    def __init__(self, inside: Inside, pulse: Pulse, query: Query) -> None:
        self._ask = partial(inside.asking.ask, query)
        self._pulse = pulse
        self._query = query
        self._shown = Shown(inside, f"GET {query.path}/stream")

    async def __call__(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        params: object = self._query.params(**path_fields(request))
        self._pulse.refuse_if_full()
        now = await self._ask(params, _soon(None))
        first = await self._seen(request, now)
        return EventStream(self._pulse, self._changes(request, params, now, first))

    async def _changes(self, request: Request, params: object, now: Answer, first: bytes) -> Chunks:
        pulse = self._pulse
        yield RETRY + first
        alive_until = time.monotonic() + KEEPALIVE_SECONDS
        while not pulse.ended:
            if pulse.shipped <= now.position:
                await pulse.moved(max(0.0, alive_until - time.monotonic()))
            if time.monotonic() >= alive_until:
                alive_until = time.monotonic() + KEEPALIVE_SECONDS
                yield KEEPALIVE
            if pulse.shipped <= now.position:  # the answer is as new as the news
                continue
            try:
                found = await self._ask(params, _soon(pulse.shipped))
                news = found.body != now.body
                told = await self._seen(request, found) if news else b""
            except Unavailable:
                await pulse.moved(AGAIN_SECONDS)
                continue
            if told:
                yield told
            now = found

    async def _seen(self, request: Request, found: Answer) -> bytes:
        """The parcel as a message."""
        rendered = await self._shown.content(request, found.body)
        return _message(found.position, rendered)


def last_event_id(request: Request, after: Position) -> Position:
    """Where the stream broke off, as browsers say when they connect again."""
    text = request.headers.get("last-event-id", "").strip()
    if not text:
        return after
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise invalid("Last-Event-ID", "Send the id of the last event, a position.")
    return int(text)


def _soon(least: Position | None) -> Freshness:
    return Freshness(least, time.monotonic() + 2.0)


def _told(items: Iterable[object]) -> bytes:
    """Items of the feed as messages, each under its position."""
    every = cast("Iterable[Mapping[str, int]]", items)
    return b"".join(_message(item["position"], orjson.dumps(item)) for item in every)


def _message(position: Position, data: bytes) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (position, data)
