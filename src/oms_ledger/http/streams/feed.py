"""The ledger itself, page by page: every event in its order, for ever at the same position."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.domain.json_values import feed_item
from oms_ledger.domain.registry import EVENTS
from oms_ledger.engine.log.upcasts import UPCASTS
from oms_ledger.engine.project.pages import newest_name
from oms_ledger.http.disclosure import Shown
from oms_ledger.http.errors import invalid
from oms_ledger.http.queries.executor import POSITION_MAX, Freshness, wait_for
from oms_ledger.http.requests import query_fields, whole
from oms_ledger.http.resources import Inside

LIMIT = 50
LIMIT_MAX = 500


class FeedHandler:
    def __init__(self, inside: Inside) -> None:
        self._oms = inside.oms
        self._threads = inside.threads
        self._shown = Shown(inside, "GET /v1/events")

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        fresh = Freshness.of(fields)
        after = whole(fields, "after", 0, POSITION_MAX - LIMIT_MAX)
        limit = whole(fields, "limit", LIMIT, LIMIT_MAX)
        types = event_types(fields)
        refuse_others(fields)
        if limit == 0:
            raise invalid("limit", f"Write a whole number from 1 to {LIMIT_MAX}.")
        if fresh.min_position is not None:
            await self._reach(fresh)
        feed = await self._threads.run(partial(self._oms.readers.feed, after, limit, types))
        body = {"items": [feed_item(r) for r in feed.items], "next_after": feed.next_after}
        return await self._shown.answer(request, body, 200, {"ledger-position": str(feed.head)})

    async def _reach(self, fresh: Freshness) -> None:
        assert fresh.min_position is not None
        head = await self._threads.run(self._oms.readers.head)
        if head < fresh.min_position:
            await wait_for(self._oms, self._threads, None, fresh.min_position, fresh.seconds_left)


def event_types(fields: dict[str, str]) -> Sequence[str] | None:
    """Take the event types wanted out of the query string; None for all."""
    text = fields.pop("types", None)
    if text is None:
        return None
    types = [name.strip() for name in text.split(",")]
    for name in types:
        if name in UPCASTS:
            now = newest_name(name)
            raise invalid("types", f"{name} is shown as {now}, whenever it was written: name that.")
        if name not in EVENTS:
            known = ", ".join(sorted(EVENTS))
            raise invalid("types", f"{name[:100]!r} is no event type. There are: {known}.")
    return types


def refuse_others(fields: dict[str, str]) -> None:
    """What is left in a query string when all that is known was taken out of it."""
    for name in fields:
        raise invalid(name, "There is no such parameter. Check its spelling, or leave it out.")
