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
from oms_ledger.domain.prepared_text import plain_json
from oms_ledger.http.auth import principal_of
from oms_ledger.http.disclosure_batches import OpenedTexts
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, purpose, request_headers
from oms_ledger.http.responses import JSON
from oms_ledger.kernel import Command, Recorded
from oms_ledger.privacy.disclosure import Access, DisclosureRequest, holds_sealed
from oms_ledger.privacy.personal_fields import (
    PersonalFields,
    given_names,
    mask_all,
    sealed_texts,
    show_all,
    to_open,
)
from oms_ledger.privacy.prepared_answers import PreparedText
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
        self, oms: Oms, threads: Threads, texts: OpenedTexts, route: str, plan: FieldPlan
    ) -> None:
        self._index = oms.sensitivity
        self._threads = threads
        self._texts = texts
        self._route = route
        self._plan = plan
        self._personal = PersonalFields(plan)

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
        return await self._disclosed(request, principal, body, orders, render)

    async def prepared(
        self, request: Request, content: str, headers: dict[str, str], *, sensitive: bool
    ) -> Response:
        """The answer with a body that is prepared as text. `sensitive`: whether it has content of
        sensitive orders."""
        principal = principal_of(request)
        if sensitive:
            shown = await self.content(request, orjson.loads(plain_json(content)))
        elif (prepared := PreparedText.of(content)) is not None:
            shown = (await self._opened(request, principal, prepared)).encode()
        elif allows(principal.scopes, PII) and not holds_sealed(content.encode()):
            shown = content.encode()
        else:
            shown = await self._disclosed(request, principal, orjson.loads(plain_json(content)))
        return Response(shown, 200, headers, JSON)

    async def _opened(self, request: Request, principal: Principal, prepared: PreparedText) -> str:
        if not allows(principal.scopes, PII):
            return prepared.masked()
        sealed = prepared.sealed
        access = self._access(request, principal)
        opened = await self._texts.open(DisclosureRequest(sealed, access)) if sealed else ()
        return prepared.opened(opened)

    async def _disclosed(
        self,
        request: Request,
        principal: Principal,
        body: Body,
        orders: Collection[str] = (),
        render: Render = orjson.dumps,
    ) -> bytes:
        """The rendered body with the sealed texts of its personal fields opened or masked for this
        caller. `orders`: streams of sensitive orders whose content is in it, which is recorded."""
        copy, personal = self._personal.copied(body)
        sealed = sealed_texts(personal)
        sees_personal = allows(principal.scopes, PII)
        if not sees_personal:
            mask_all(personal)
            sealed = given_names(sealed) if principal is ANONYMOUS else []
        opened = []
        if sealed or orders:
            access = self._access(request, principal)
            opened = await self._texts.open(DisclosureRequest(to_open(sealed), access, orders))
        show_all(sealed, opened)
        rendered = render(copy)
        if holds_sealed(rendered):
            rendered = render(self._personal.closed(copy, undeclared=sees_personal))
        return rendered

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

    def _access(self, request: Request, principal: Principal) -> Access:
        if principal is ANONYMOUS:
            return Access(TRACKING, principal.id, self._route, "tracking", public=True)
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
            access = self._access(request, principal)
            await self._texts.open(DisclosureRequest((), access, orders))
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
