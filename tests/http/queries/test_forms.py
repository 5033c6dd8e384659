"""Paths and parameters in NFC or NFD, and what was stored in NFD before texts had one form."""

from __future__ import annotations

import pytest

from oms_ledger.domain.texts import composed
from tests.http.conftest import Api
from tests.http.examples import order

NFC, NFD = "Café", "Cafe\u0301"


@pytest.mark.parametrize("stored", [NFC, NFD])
@pytest.mark.parametrize("asked", [NFC, NFD])
def test_text_is_matched_in_either_form(
    shop: Api, monkeypatch: pytest.MonkeyPatch, stored: str, asked: str
) -> None:
    if stored == NFD:  # as in ledgers of before
        monkeypatch.setattr("oms_ledger.domain.texts.composed", lambda text: text)
    receipt = {"sku": stored, "location": "LON", "quantity": 5}
    assert shop.post("/v1/stock/receipts", receipt).status_code == 200
    placed = shop.post("/v1/orders", order(1, stored, external_id=f"{stored} 7")).json()
    monkeypatch.undo()
    assert composed(NFD) == NFC
    waits = {"min_position": placed["position"]}
    shop.get("/v1/orders", params=waits)
    stock = shop.get(f"/v1/stock/{asked}", params=waits)
    assert (stock.status_code, stock.json()["sku"]) == (200, stored)
    assert shop.get(f"/v1/stock/{asked}?as_of={placed['position']}").json()["sku"] == stored
    for path, params in (("/v1/orders", {"sku": asked}), ("/v1/orders", {"q": f"{asked} 7"})):
        items = shop.get(path, params={**params, **waits}).json()["items"]
        assert [each["order_id"] for each in items] == [placed["order_id"]], (path, params)
    assert shop.get("/v1/stock/Cafè").status_code == 404
