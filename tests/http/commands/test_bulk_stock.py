"""Thousands of corrections of stock in one request: a result for each, and others come between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from oms_ledger.bus import AsyncCommandBus, Result
from oms_ledger.engine.write.submissions import Submission
from oms_ledger.http.commands.batch_parts import PART
from tests.http.conftest import Api
from tests.http.examples import Json

ROWS = 10_000


def adjustment(n: int) -> Json:
    """Of ten rows one takes more than there is, and one is wrong."""
    change: object = {0: -1_000_000_000, 1: "two"}.get(n % 10, 1)
    return {"sku": "A", "location": "LON", "change": change, "reason": "stocktake"}


def test_ten_thousand_rows_have_a_result_each(memory_shop: Api) -> None:
    before = memory_shop.post("/v1/stock/adjustments", adjustment(2)).json()
    answer = memory_shop.post(
        "/v1/stock/adjustments", {"items": list(map(adjustment, range(ROWS)))}
    )
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert Counter(each["status"] for each in results) == {200: 8000, 409: 1000, 422: 1000}
    assert results[10]["problem"]["code"] == "insufficient_stock"
    assert results[21]["problem"]["errors"][0]["field"] == "items.21.change"
    last = [each["item"] for each in results if each["status"] == 200][-1]
    assert last["on_hand"] == before["on_hand"] + 8000
    assert last["position"] == answer.json()["position"]


def test_more_are_refused_at_once(memory_shop: Api) -> None:
    answer = memory_shop.post("/v1/stock/adjustments", {"items": [adjustment(2)] * (ROWS + 1)})
    assert answer.status_code == 422
    assert "Send 1 to 10000" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("path", ["receipts", "counts"])
def test_receipts_and_counts_come_in_thousands_too(memory_shop: Api, path: str) -> None:
    field = "quantity" if path == "receipts" else "counted"
    rows = [{"sku": f"S{n}", "location": "LON", field: 2} for n in range(1500)]
    results = memory_shop.post(f"/v1/stock/{path}", {"items": rows}).json()["results"]
    assert [each["status"] for each in results] == [200] * 1500


def test_a_large_batch_is_submitted_in_parts(
    memory_shop: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for a part of it at most. With a key the first row is decided alone."""
    sizes: list[int] = []
    submit_many = AsyncCommandBus.submit_many

    async def counted(bus: AsyncCommandBus, submissions: Sequence[Submission]) -> Sequence[Result]:
        sizes.append(len(submissions))
        return await submit_many(bus, submissions)

    monkeypatch.setattr(AsyncCommandBus, "submit_many", counted)
    body = {"items": [adjustment(2)] * 1200}
    once = {"Idempotency-Key": "stocktake-1"}
    first = memory_shop.post("/v1/stock/adjustments", body, headers=once)
    assert max(sizes) <= PART
    assert sum(sizes) == 1200
    again = memory_shop.post("/v1/stock/adjustments", body, headers=once)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["results"] == first.json()["results"]
