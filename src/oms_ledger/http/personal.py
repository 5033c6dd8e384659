"""The last step of every answer: what is sealed in it is opened for who may see it, on record, and
masked for everybody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.http.answers import JSON
from oms_ledger.http.auth import principal_of
from oms_ledger.http.requests import headers_of, purpose
from oms_ledger.http.threads import Threads
from oms_ledger.http.together import Together
from oms_ledger.security import showing
from oms_ledger.security.principals import ANYBODY, Principal
from oms_ledger.security.roles import allows
from oms_ledger.security.showing import FIRST_NAME, Access, Sight

PII = "pii:read"

TRACKING = "public tracking"
"""The actor on record where a parcel's page shows a first name."""


Showing = Together[Sight, bytes]
"""Opens what is sealed, for many askers at a time."""

OPENERS = 2


def showing_to_many(oms: Oms, threads: Threads) -> Showing:
    return Together(threads, oms.vault.show_many, lanes=OPENERS)


class Shown:
    """Shows answers to whoever asked, by one route."""

    def __init__(self, opening: Showing, route: str) -> None:
        self._opening = opening
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
            return await self._opening.ask(Sight(rendered, access, FIRST_NAME))
        if not allows(who.scopes, PII):
            return showing.masked(rendered)
        return await self._opening.ask(Sight(rendered, self._access(request, who)))

    def _access(self, request: Request, who: Principal) -> Access:
        return Access(who.actor, who.id, self._route, purpose(headers_of(request)))
