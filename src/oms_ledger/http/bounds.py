"""What the requests of one process share: bounds on the memory and the time that they may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.bodies import Bodies
from oms_ledger.http.turns import FairTurns

PAST_QUERIES_MAX = 2
"""Queries about the past that are answered at the same time: they read the log, and take long."""

WAITING_PAST_QUERIES_MAX = 16
"""Queries about the past of one caller that may wait for that."""

PAST_SECONDS_MAX = 30.0
"""How long such a query waits for its turn."""

PAST = (b"as_of=", b"happened_by=")


class Bounds:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self.bodies = Bodies()
        self._past = FairTurns(PAST_QUERIES_MAX, WAITING_PAST_QUERIES_MAX)

    async def handle(
        self, request: Request, handle: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """The answer; one about the past in the turn of its caller."""
        sent: bytes = request.scope["query_string"]
        query = unquote_to_bytes(sent) if sent else b""
        if not query or not any(name in query for name in PAST):
            return await handle(request)
        async with self._past.turn(PAST_SECONDS_MAX):
            return await handle(request)
