"""The feed: all events in order, page by page. The position of an event never changes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.json_values import feed_item
from oms_ledger.domain.registry import EVENTS
from oms_ledger.engine.log.upcasts import UPCASTS
from oms_ledger.engine.project.pages import newest_name
from oms_ledger.http.disclosure import Disclosure
from oms_ledger.http.queries.executor import POSITION_MAX, Freshness, wait_for_log
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import query_fields, whole

LIMIT = 50
LIMIT_MAX = 500


class FeedHandler:
    def __init__(self, oms: Oms, threads: Threads, disclosure: Disclosure) -> None:
        self._oms = oms
        self._threads = threads
        self._disclosure = disclosure

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        fresh = Freshness.of(fields)
        after = whole(fields, "after", 0, POSITION_MAX - LIMIT_MAX)
        limit = limit_of(fields)
        types = event_types(fields)
        refuse_others(fields)
        await wait_for_log(self._oms, self._threads, fresh)
        feed = await self._threads.run(partial(self._oms.readers.feed, after, limit, types))
        body = {"items": [feed_item(r) for r in feed.items], "next_after": feed.next_after}
        return await self._disclosure.answer(
            request, body, 200, {"ledger-position": str(feed.head)}
        )


def event_types(fields: dict[str, str]) -> Sequence[str] | None:
    """Take the event types out of the query string; None for all types."""
    text = fields.pop("types", None)
    if text is None:
        return None
    types = [name.strip() for name in text.split(",")]
    for name in types:
        if name in UPCASTS:
            newest = newest_name(name)
            raise invalid_field(
                "types", f"{name} is shown as {newest}, whenever it was written: name that."
            )
        if name not in EVENTS:
            names = ", ".join(sorted(EVENTS))
            raise invalid_field("types", f"{name[:100]!r} is no event type. There are: {names}.")
    return types


def limit_of(fields: dict[str, str]) -> int:
    """Take `limit`, from 1 to `LIMIT_MAX`, out of the query string."""
    limit = whole(fields, "limit", LIMIT, LIMIT_MAX)
    if limit == 0:
        raise invalid_field("limit", f"Write a whole number from 1 to {LIMIT_MAX}.")
    return limit


def refuse_others(fields: dict[str, str]) -> None:
    """`Invalid` where parameters are left after all known ones were taken out."""
    for name in fields:
        raise invalid_field(
            name, "There is no such parameter. Check its spelling, or leave it out."
        )
