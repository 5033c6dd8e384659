"""Records for auditors, page by page, the newest first: accesses to personal data, and changes of
API keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.queries.executor import POSITION_MAX
from oms_ledger.http.queries.threads import Threads
from oms_ledger.http.requests import query_fields, whole
from oms_ledger.http.responses import answer
from oms_ledger.http.streams.feed import limit_of, refuse_others
from oms_ledger.kernel import Json


class RecordHandler:
    """`entries` returns the entries of a record before a number; `filters` are the parameters that
    it takes besides `before` and `limit`."""

    def __init__(
        self,
        threads: Threads,
        entries: Callable[..., Sequence[dict[str, Json]]],
        filters: Sequence[str],
    ) -> None:
        self._threads = threads
        self._entries = entries
        self._filters = filters

    async def __call__(self, request: Request) -> Response:
        fields = query_fields(request)
        before = whole(fields, "before", POSITION_MAX, POSITION_MAX)
        limit = limit_of(fields)
        about: dict[str, Any] = {name: fields.pop(name, None) for name in self._filters}
        refuse_others(fields)
        items = await self._threads.run(partial(self._entries, before=before, limit=limit, **about))
        next_before = items[-1]["number"] if len(items) == limit else None
        return answer({"items": items, "next_before": next_before})
