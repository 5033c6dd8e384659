"""The last step of every answer: what is sealed in it is opened for who may see it, on record, and
masked for everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.http.answers import JSON
from oms_ledger.http.auth import principal_of
from oms_ledger.http.requests import headers_of, purpose
from oms_ledger.http.threads import Threads
from oms_ledger.security import showing
from oms_ledger.security.principals import ANYBODY, Principal
from oms_ledger.security.roles import allows
from oms_ledger.security.showing import FIRST_NAME, Access

PII = "pii:read"

TRACKING = "public tracking"
"""The actor on record where a parcel's page shows a first name."""


class Shown:
    """Shows answers to whoever asked, by one route."""

    def __init__(self, oms: Oms, threads: Threads, route: str) -> None:
        self._vault = oms.vault
        self._threads = threads
        self._route = route

    async def answer(
        self,
        request: Request,
        body: Mapping[str, object] | Sequence[object],
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        content = await self.content(request, orjson.dumps(body))
        return Response(content, status, headers, JSON)

    async def content(self, request: Request, rendered: bytes) -> bytes:
        """What of a rendered answer this asker may see."""
        if not showing.holds_sealed(rendered):
            return rendered
        who = principal_of(request)
        if who is ANYBODY:
            access = Access(TRACKING, who.id, self._route, "tracking")
            return await self._opened(rendered, access, FIRST_NAME)
        if not allows(who.scopes, PII):
            return showing.masked(rendered)
        return await self._opened(rendered, self._access(request, who))

    async def _opened(self, rendered: bytes, access: Access, only: str | None = None) -> bytes:
        return await self._threads.ask(partial(self._vault.show, rendered, access, only))

    def _access(self, request: Request, who: Principal) -> Access:
        return Access(who.actor, who.id, self._route, purpose(headers_of(request)))
