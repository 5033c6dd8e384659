"""Queries about the past take turns, and no other query waits for them."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from starlette.requests import Request
from starlette.responses import Response

from oms_ledger.http.bounds import PAST_QUERIES_MAX, WAITING_PAST_QUERIES_MAX, Bounds
from oms_ledger.http.errors import RateLimited
from oms_ledger.http.turns import CALLER


class Slow:
    """Counts how many requests it handles at the same time, by caller."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most = 0
        self.done: list[str] = []
        self._bounds = Bounds()

    async def handle(self, request: Request) -> Response:
        caller = CALLER.get()
        self.now[caller] += 1
        self.most = max(self.most, self.now.total())
        await asyncio.sleep(0.001)
        self.now[caller] -= 1
        self.done.append(caller)
        return Response()

    async def read(self, caller: str, query: bytes) -> None:
        CALLER.set(caller)
        await self._bounds.handle(Request({"type": "http", "query_string": query}), self.handle)


@pytest.mark.parametrize("query", [b"as_of=1", b"x=1&happened_by=2026-01-01", b"as%5Fof=1"])
def test_a_few_at_a_time_and_fair_between_callers(query: bytes) -> None:
    async def run() -> Slow:
        slow = Slow()
        flood = [asyncio.create_task(slow.read("flood", query)) for _ in range(64)]
        await asyncio.sleep(0)
        await asyncio.gather(slow.read("other", query))
        refused = await asyncio.gather(*flood, return_exceptions=True)
        assert sum(isinstance(each, RateLimited) for each in refused) > 30
        return slow

    slow = asyncio.run(run())
    assert slow.most == PAST_QUERIES_MAX
    assert slow.done.index("other") <= 2 * PAST_QUERIES_MAX
    assert slow.done.count("flood") == PAST_QUERIES_MAX + WAITING_PAST_QUERIES_MAX


def test_other_queries_do_not_wait_for_them() -> None:
    async def run() -> Slow:
        slow = Slow()
        flood = [asyncio.create_task(slow.read("flood", b"as_of=1")) for _ in range(10)]
        await asyncio.sleep(0)
        await slow.read("other", b"limit=5")
        assert slow.done.count("flood") <= PAST_QUERIES_MAX
        await asyncio.gather(*flood)
        return slow

    assert asyncio.run(run()).most == PAST_QUERIES_MAX + 1
