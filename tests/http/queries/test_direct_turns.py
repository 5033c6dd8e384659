"""Queries that one statement answers: callers take turns, as with all others."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from oms_ledger.http.queries import executor
from tests.http.conftest import Api
from tests.http.examples import order

FLOOD = 200


@pytest.mark.parametrize("path", ["/v1/orders?limit=5&sort=total", "/v1/stock/A", "{order}"])
def test_a_caller_with_many_requests_delays_another_by_few(
    oms: Oms, shop: Api, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """With one session and small batches requests sent at once have to wait."""
    monkeypatch.setattr(executor, "SESSIONS", 1)
    monkeypatch.setattr(executor, "BATCH_LOOKUPS_MAX", 2)
    placed = shop.post("/v1/orders", order()).json()
    fresh = f"min_position={placed['position']}&wait_ms=9000"
    path = path.format(order=f"/v1/orders/{placed['order_id']}")
    keys = {name: oms.api_keys.create(name, "operator") for name in ("flood", "other")}
    done: list[str] = []

    async def request(http: httpx.AsyncClient, name: str, path: str) -> None:
        answer = await http.get(path, headers={"Authorization": f"Bearer {keys[name]}"})
        assert answer.status_code == 200, answer.text
        done.append(name)

    async def flood() -> None:
        transport = httpx.ASGITransport(create_app(oms))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            for name in keys:
                await request(http, name, f"{path}{'&' if '?' in path else '?'}{fresh}")
                await request(http, name, path)
            done.clear()
            tasks = [asyncio.create_task(request(http, "flood", path)) for _ in range(FLOOD)]
            tasks += [asyncio.create_task(request(http, "other", path)) for _ in range(3)]
            await asyncio.gather(*tasks)

    asyncio.run(flood())
    last = len(done) - 1 - done[::-1].index("other")
    assert last < FLOOD // 4, f"the other waited for {last} of {FLOOD}"
