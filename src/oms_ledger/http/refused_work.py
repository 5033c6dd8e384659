"""Routes of refused commands of policies and deadlines, and of events on which a policy or an
effect has failed: they wait for a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.domain.json_values import plain_values
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import path_fields, query_fields
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import refuse_others


class RefusedWork:
    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads

    async def list(self, request: Request) -> Response:
        refuse_others(query_fields(request))
        refusals = await self._threads.run(self._oms.work.refusals)
        return answer({"items": [plain_values(each._asdict()) for each in refusals]})

    async def retry(self, request: Request) -> Response:
        return await self._decide(request, self._oms.work.retry)

    async def dismiss(self, request: Request) -> Response:
        return await self._decide(request, self._oms.work.dismiss)

    async def _decide(self, request: Request, decide: Callable[[str, str], None]) -> Response:
        refuse_others(query_fields(request))
        fields = path_fields(request)
        source, reference = fields["source"], fields["reference"]
        await self._threads.run(partial(decide, source, reference))
        return answer({"source": source, "reference": reference})
