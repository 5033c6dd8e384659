"""The last step of every answer: sealed personal values are opened for callers with `pii:read`,
the content of sensitive orders is left in for callers with `sensitive:read`, and both are recorded
as accesses. All other callers get them masked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.access.principals import ANONYMOUS, Principal, authorise
from oms_ledger.access.roles import SENSITIVE, allows
from oms_ledger.app import Oms
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.json_values import feed_item
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure_batches import OpenedAnswers
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, purpose, request_headers
from oms_ledger.http.responses import JSON
from oms_ledger.kernel import Command, Recorded
from oms_ledger.privacy import disclosure
from oms_ledger.privacy.disclosure import FIRST_NAME, Access, DisclosureRequest
from oms_ledger.privacy.sensitivity import mask
from oms_ledger.privacy.sensitivity.plans import EVENT_ITEMS, FieldPlan

PII = "pii:read"

TRACKING = "public tracking"
"""The actor that is recorded where a tracking page shows a first name."""

LARGE_ITEMS = 100

Body = Mapping[str, object] | Sequence[object]
Render = Callable[[Body], bytes]


class Disclosure:
    """Renders the answers of one route (`route` is recorded with every access), whose bodies `plan`
    describes."""

    def __init__(
        self, oms: Oms, threads: Threads, answers: OpenedAnswers, route: str, plan: FieldPlan
    ) -> None:
        self._index = oms.sensitivity
        self._threads = threads
        self._answers = answers
        self._route = route
        self._plan = plan

    async def answer(
        self,
        request: Request,
        body: Body,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        return Response(await self.content(request, body), status, headers, JSON)

    async def content(self, request: Request, body: Body, render: Render = orjson.dumps) -> bytes:
        """The rendered body, with what this caller may see."""
        principal = principal_of(request)
        body, orders = await self._within_rights(request, principal, body)
        return await self._disclosed(request, principal, render(body), orders)

    async def prepared(
        self, request: Request, content: bytes, headers: dict[str, str], *, sensitive: bool
    ) -> Response:
        """The answer with a body that is rendered already. `sensitive`: whether it has content of
        sensitive orders."""
        if sensitive:
            return await self.answer(request, orjson.loads(content), 200, headers)
        shown = await self._disclosed(request, principal_of(request), content)
        return Response(shown, 200, headers, JSON)

    async def _disclosed(
        self,
        request: Request,
        principal: Principal,
        rendered: bytes,
        orders: Collection[str] = (),
    ) -> bytes:
        """A rendered answer with its sealed values opened or masked for this caller. `orders`:
        streams of sensitive orders whose content is in it, which is recorded."""
        if not disclosure.holds_sealed(rendered):
            if orders:
                await self._open(rendered, self._access(request, principal), None, orders)
            return rendered
        if principal is ANONYMOUS:
            access = Access(TRACKING, principal.id, self._route, "tracking", public=True)
            return await self._open(rendered, access, FIRST_NAME)
        if allows(principal.scopes, PII):
            return await self._open(rendered, self._access(request, principal), None, orders)
        if orders:
            await self._open(b"", self._access(request, principal), None, orders)
        return disclosure.masked(rendered)

    async def _within_rights(
        self, request: Request, principal: Principal, body: Body
    ) -> tuple[Body, Collection[str]]:
        """The body with sensitive parts marked, and masked for callers without the right; and
        the streams of the sensitive orders whose content is left in."""
        path, plan = path_fields(request), self._plan
        if not path and mask.is_declared_insensitive(body, plan):
            return body, ()
        gather = partial(mask.mentions_in, body, plan, path)
        mentions = await self._threads.run(gather) if _is_large(body) else gather()
        streams = mentions.sensitive(await self._sensitive(mentions.undeclared))
        may = allows(principal.scopes, SENSITIVE)
        if not (streams or mentions.marked or (mentions.untyped and not may)):
            return body, ()
        view = mask.view_of(path, streams, may=may, mark=principal is not ANONYMOUS)
        if (
            not may
            and request.method in ("GET", "HEAD")
            and mask.is_of_sensitive_product(body, path, streams)
        ):
            authorise(principal, SENSITIVE)
        orders = mask.order_streams(streams) if may else ()
        return mask.rendered(body, plan, view, path), orders

    async def _sensitive(self, streams: Collection[str]) -> Collection[str]:
        """Which of these streams are sensitive. Only unknown ones are read from the database."""
        cached = self._index.cached(streams)
        if cached is not None:
            return cached
        return await self._threads.run(partial(self._index.sensitive, streams))

    async def _open(
        self,
        rendered: bytes,
        access: Access,
        only: str | None = None,
        orders: Collection[str] = (),
    ) -> bytes:
        return await self._answers.open(DisclosureRequest(rendered, access, only, orders))

    def _access(self, request: Request, principal: Principal) -> Access:
        return Access(principal.actor, principal.id, self._route, purpose(request_headers(request)))

    # Answers that are not JSON.

    async def as_stored(self, request: Request, events: Sequence[Recorded]) -> bool:
        """Whether this caller may have these events as they are stored. If they hold content of
        sensitive orders, that is recorded as an access."""
        principal, items = principal_of(request), [feed_item(r) for r in events]
        mentions = mask.mentions_in(items, EVENT_ITEMS)
        streams = mentions.sensitive(await self._sensitive(mentions.undeclared))
        if not streams and not mentions.marked:
            return True
        if not allows(principal.scopes, SENSITIVE):
            return False
        orders = mask.order_streams(streams)
        if orders:
            await self._open(b"", self._access(request, principal), None, orders)
        return True

    async def refusal(self, request: Request, command: Command, error: Refused) -> Refused:
        """The refusal as this caller may read it: without `sensitive:read` one about a sensitive
        order names no SKUs."""
        if not error.errors or allows(principal_of(request).scopes, SENSITIVE):
            return error
        if not await self._sensitive(mask.streams_of(command)):
            return error
        faults = mask.without_skus(error.errors)
        masked = Refused(error.detail, code=error.code, errors=faults)
        masked.replayed = error.replayed
        return masked


def _is_large(body: Body) -> bool:
    """Whether it has so many items that searching them would hold the event loop for long."""
    values = body.values() if isinstance(body, Mapping) else (body,)
    return any(isinstance(each, list) and len(each) > LARGE_ITEMS for each in values)
