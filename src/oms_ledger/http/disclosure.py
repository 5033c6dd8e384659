"""The last step of every answer: what is sealed in it is opened for who may see it, what sensitive
orders are about is shown to who may see that, both on record, and masked for everybody else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import ANYBODY, Principal, authorise
from oms_ledger.access.roles import SENSITIVE, allows
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.json_values import feed_item
from oms_ledger.http.auth import principal_of
from oms_ledger.http.requests import headers_of, path_fields, purpose
from oms_ledger.http.resources import Inside
from oms_ledger.http.responses import JSON
from oms_ledger.kernel import Command, Recorded
from oms_ledger.privacy import disclosure
from oms_ledger.privacy.disclosure import FIRST_NAME, Access, DisclosureRequest
from oms_ledger.privacy.sensitivity import mask

PII = "pii:read"

TRACKING = "public tracking"
"""The actor on record where a parcel's page shows a first name."""

Body = Mapping[str, object] | Sequence[object]
Render = Callable[[Body], bytes]


class Shown:
    """Shows answers to whoever asked, by one route."""

    def __init__(self, inside: Inside, route: str) -> None:
        self._showing = inside.showing
        self._index = inside.oms.sensitivity
        self._threads = inside.threads
        self._route = route

    async def answer(
        self,
        request: Request,
        body: Body,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return Response(await self.content(request, body), status, headers, JSON)

    async def content(self, request: Request, body: Body, render: Render = orjson.dumps) -> bytes:
        """What of an answer this asker may see, rendered."""
        who = principal_of(request)
        body, orders = await self._within_rights(request, who, body)
        rendered = render(body)
        if not disclosure.holds_sealed(rendered):
            if orders:
                await self._opened(rendered, self._access(request, who), None, orders)
            return rendered
        if who is ANYBODY:
            access = Access(TRACKING, who.id, self._route, "tracking")
            return await self._opened(rendered, access, FIRST_NAME)
        if allows(who.scopes, PII):
            return await self._opened(rendered, self._access(request, who), None, orders)
        if orders:
            await self._opened(b"", self._access(request, who), None, orders)
        return disclosure.masked(rendered)

    async def _within_rights(
        self, request: Request, who: Principal, body: Body
    ) -> tuple[Body, Collection[str]]:
        """The answer with what is sensitive marked, and masked for who may not see it; and the
        sensitive orders that are shown to who may."""
        path = path_fields(request)
        found = mask.mentions_in(body, path)
        streams = found.sensitive(await self._sensitive(found.undeclared))
        if not streams and not found.marked:
            return body, ()
        may = allows(who.scopes, SENSITIVE)
        view = mask.view_of(path, streams, may=may, mark=who is not ANYBODY)
        if (
            not may
            and request.method == "GET"
            and mask.is_of_sensitive_product(body, path, streams)
        ):
            authorise(who, SENSITIVE)
        orders = mask.order_streams(streams) if may else ()
        return mask.rendered(body, view, path), orders

    async def _sensitive(self, streams: Collection[str]) -> Collection[str]:
        """Which of these are. The database is asked only of what is not known yet."""
        cached = self._index.cached(streams)
        if cached is not None:
            return cached
        return await self._threads.run(partial(self._index.sensitive, streams))

    async def _opened(
        self,
        rendered: bytes,
        access: Access,
        only: str | None = None,
        orders: Collection[str] = (),
    ) -> bytes:
        return await self._showing.call(DisclosureRequest(rendered, access, only, orders))

    def _access(self, request: Request, who: Principal) -> Access:
        return Access(who.actor, who.id, self._route, purpose(headers_of(request)))

    # What is no answer in JSON.

    async def as_stored(self, request: Request, events: Sequence[Recorded]) -> bool:
        """Whether this asker may have these events as they are stored. Who may, and is shown
        something sensitive by it, is on record."""
        who, items = principal_of(request), [feed_item(r) for r in events]
        found = mask.mentions_in(items)
        streams = found.sensitive(await self._sensitive(found.undeclared))
        if not streams and not found.marked:
            return True
        if not allows(who.scopes, SENSITIVE):
            return False
        orders = mask.order_streams(streams)
        if orders:
            await self._opened(b"", self._access(request, who), None, orders)
        return True

    async def refusal(self, request: Request, command: Command, error: Refused) -> Refused:
        """A refusal as this asker may read it: one about a sensitive order names no SKUs."""
        if not error.errors or allows(principal_of(request).scopes, SENSITIVE):
            return error
        if not await self._sensitive(mask.streams_of(command)):
            return error
        faults = mask.without_skus(error.errors)
        masked = Refused(error.detail, code=error.code, errors=faults)
        masked.replayed = error.replayed
        return masked
