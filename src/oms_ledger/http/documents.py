"""Documents to print: the answers of queries, drawn as PDF."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.document_routes import DocumentRoute
from oms_ledger.http.queries.handler import QueryHandler
from oms_ledger.http.routes import PDF
from oms_ledger.http.turns import FairTurns

DRAWINGS = 1
"""Documents that a process draws at the same time: each takes a processor."""

DRAWINGS_QUEUED_MAX = 50
"""Documents of one caller that may wait for their turn."""

Draw = Callable[[Any], bytes]


class Drawings:
    """Draws documents, in threads, callers in turn. Belongs to one event loop."""

    def __init__(self) -> None:
        self._turns = FairTurns(DRAWINGS, DRAWINGS_QUEUED_MAX)

    async def draw(self, query: str, answer: bytes) -> bytes:
        return await self._turns.run(partial(drawn, query, answer))


def drawn(query: str, answer: bytes) -> bytes:
    """The document of an answer in JSON of this query."""
    return _drawing_of(query)(orjson.loads(answer))


def _drawing_of(query: str) -> Draw:
    """The modules that draw are imported when first wanted: most processes never draw."""
    from oms_ledger.documents.packing_slip import packing_slip_document
    from oms_ledger.documents.pick_list import pick_list_document

    drawings: dict[str, Draw] = {
        "pick_list": pick_list_document,
        "get_shipment": packing_slip_document,
    }
    return drawings[query]


class DocumentHandler:
    """`query` answers in JSON, with what this caller may see; that, and no more, is drawn."""

    def __init__(self, drawings: Drawings, query: QueryHandler, route: DocumentRoute) -> None:
        self._drawings = drawings
        self._query = query
        self._route = route

    async def __call__(self, request: Request) -> Response:
        answer = await self._query(request)
        content = await self._drawings.draw(self._route.query.name, bytes(answer.body))
        headers = {
            "ledger-position": answer.headers["ledger-position"],
            "content-disposition": f'inline; filename="{self._route.file_name}"',
        }
        return Response(content, 200, headers, PDF)
