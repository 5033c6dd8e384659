"""An order that replaces returned goods has the person of the first, sealed with the same key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.databases import Database
from tests.http.conftest import Api
from tests.privacy.people import ADA
from tests.privacy.search import rows_with
from tests.privacy.test_erasure import forget, order_of


def exchanged(api: Api, customer: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The first order, and the id of the one that replaces its goods."""
    line = {"sku": "A", "quantity": 1, "unit_price": "2.00"}
    body = {
        "channel": "web",
        "currency": "GBP",
        "lines": [line],
        "customer": customer,
        "shipping_address": {"name": ADA.mark, "line1": "1 High St", "city": "Leeds"},
        "confirm": True,
    }
    placed = api.post("/v1/orders", body).json()
    path = f"/v1/orders/{placed['order_id']}"
    shipment = api.post(f"{path}/shipments", {"location": "LON"}).json()["shipment_id"]
    api.post(f"/v1/shipments/{shipment}/dispatch", {})
    exchange = {
        "kind": "exchange",
        "lines": [{"line_id": "1", "quantity": 1}],
        "replacement_lines": [line],
        "approve": True,
    }
    answer = api.post(f"{path}/returns", exchange)
    assert answer.status_code == 201, answer.text
    return {**placed, "position": answer.json()["position"]}, answer.json()["replacement_order_id"]


@pytest.mark.parametrize("customer", [{"id": "c-ada", "name": ADA.mark}, {"name": ADA.mark}])
def test_forgetting_the_person_reaches_the_replacement(
    shop: Api, postgres: Database, customer: dict[str, Any]
) -> None:
    first, replacement = exchanged(shop, customer)
    shown = order_of(shop, {**first, "order_id": replacement})
    assert shown["customer"]["name"] == shown["shipping_address"]["name"] == ADA.mark
    assert shown["replacement_for"] is not None
    if "id" in customer:
        position = forget(shop, "c-ada")["position"]
    else:
        path = f"/v1/orders/{first['order_id']}/forget"
        position = shop.post(path, {"reason": "erasure request"}).json()["position"]
    after = order_of(shop, {"order_id": replacement, "position": position})
    assert after["customer"]["name"] == after["shipping_address"]["line1"] == "[forgotten]"
    assert rows_with(postgres, ADA.mark) == []
