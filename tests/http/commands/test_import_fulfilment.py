"""Imported orders and the work of fulfilment: shipments that wait to leave can be sent."""

from __future__ import annotations

import pytest

from oms_ledger.app import Oms
from tests.http.commands.test_import import PATH, now, past
from tests.http.conftest import Api


@pytest.mark.parametrize(("stock", "on_hand"), [("skip", 60), ("update", 58)])
def test_an_imported_shipment_that_waits_to_leave_can_be_sent(
    oms: Oms, shop: Api, stock: str, on_hand: int
) -> None:
    some = [{"line_id": "1", "quantity": 2}]
    body = past(1, 3, shipments=[{"location": "LON", "lines": some}], stock=stock)
    order_id = shop.post(PATH, body).json()["order_id"]
    order = shop.get(f"/v1/orders/{order_id}", params=now(oms)).json()
    (shipment,) = order["shipments"]
    sent = shop.post(f"/v1/shipments/{shipment['shipment_id']}/dispatch")
    assert sent.status_code == 200, sent.text
    assert shop.get("/v1/fulfilments", params=now(oms)).status_code == 200
    levels = shop.get("/v1/stock/A", params=now(oms)).json()["locations"]
    assert next(each for each in levels if each["location"] == "LON")["on_hand"] == on_hand
    parked = [each["parked"] for each in shop.get("/v1/projections").json()]
    assert not any(parked)
