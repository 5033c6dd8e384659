"""The record of accesses to personal data, page by page, the newest first."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.app import Oms
from oms_ledger.http.queries.executor import POSITION_MAX
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import query_fields, whole
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import LIMIT, LIMIT_MAX, refuse_others
from oms_ledger.validation import invalid


class AccessRecordHandler:
    def __init__(self, oms: Oms, threads: Threads) -> None:
        self._oms = oms
        self._threads = threads

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        before = whole(fields, "before", POSITION_MAX, POSITION_MAX)
        limit = whole(fields, "limit", LIMIT, LIMIT_MAX)
        about = {name: fields.pop(name, None) for name in ("customer", "actor", "order")}
        refuse_others(fields)
        if limit == 0:
            raise invalid("limit", f"Write a whole number from 1 to {LIMIT_MAX}.")
        items = await self._threads.run(
            partial(self._oms.accesses, before=before, limit=limit, **about)
        )
        next_before = items[-1]["number"] if len(items) == limit else None
        return answer({"items": items, "next_before": next_before})
