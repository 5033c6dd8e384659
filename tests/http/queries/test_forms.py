"""Paths and parameters in NFC or NFD, and what was stored in NFD before texts had one form."""

from __future__ import annotations

import pytest

from oms_ledger.domain.texts import composed
from tests.http.conftest import Api
from tests.http.examples import order

NFC, NFD = "Café", "Cafe\u0301"


@pytest.mark.parametrize("stored", [NFC, NFD])
@pytest.mark.parametrize("queried", [NFC, NFD])
def test_text_is_matched_in_either_form(
    shop: Api, monkeypatch: pytest.MonkeyPatch, stored: str, queried: str
) -> None:
    if stored == NFD:  # as in ledgers of before
        monkeypatch.setattr("oms_ledger.domain.texts.normalize", lambda form, text: text)
    receipt = {"sku": stored, "location": "LON", "quantity": 5}
    assert shop.post("/v1/stock/receipts", receipt).status_code == 200
    placed = shop.post("/v1/orders", order(1, stored, external_id=f"{stored} 7")).json()
    monkeypatch.undo()
    assert composed(NFD) == NFC
    waits = {"min_position": placed["position"]}
    shop.get("/v1/orders", params=waits)
    stock = shop.get(f"/v1/stock/{queried}", params=waits)
    assert (stock.status_code, stock.json()["sku"]) == (200, stored)
    assert shop.get(f"/v1/stock/{queried}?as_of={placed['position']}").json()["sku"] == stored
    for path, params in (("/v1/orders", {"sku": queried}), ("/v1/orders", {"q": f"{queried} 7"})):
        items = shop.get(path, params={**params, **waits}).json()["items"]
        assert [each["order_id"] for each in items] == [placed["order_id"]], (path, params)
    assert shop.get("/v1/stock/Cafè").status_code == 404
    again = shop.post("/v1/stock/receipts", {**receipt, "sku": queried}).json()
    assert (again["sku"], again["on_hand"]) == (stored, 10)
    whole = shop.post("/v1/orders", order(9, queried)).json()
    assert whole["lines"][0]["sku"] == stored
    products = shop.get("/v1/products", params={"q": "Caf", "min_position": whole["position"]})
    assert [each["sku"] for each in products.json()["items"]] == [stored]
