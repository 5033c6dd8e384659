"""Cheese by weight: quantities in kg over HTTP, from its definition to the refund of a part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.http.conftest import Api

KG = {"code": "kg", "decimals": 3}


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    body: dict[str, Any] = answer.json()
    return body


def refused(answer: Any) -> list[tuple[str, str]]:
    """The fields at fault, and what to do about each."""
    assert answer.status_code == 422, answer.text
    return [(each["field"], each["message"]) for each in answer.json()["errors"]]


def order_of(quantity: object, **more: object) -> dict[str, object]:
    line = {"sku": "CHEESE", "quantity": quantity, "unit_price": "19.90", **more}
    return {"channel": "web", "currency": "GBP", "lines": [line], "confirm": True}


@pytest.fixture
def deli(shop: Api) -> Api:
    """12.5 kg of cheese in London, at 9.90 per kg."""
    done(shop.put("/v1/products/CHEESE", {"title": "Comte", "unit_of_measure": KG}))
    receipt = {"sku": "CHEESE", "location": "LON", "quantity": "12.5"}
    cost = {"unit_cost": "9.90", "currency": "GBP"}
    stock = done(shop.post("/v1/stock/receipts", {**receipt, **cost}))
    assert (stock["on_hand"], stock["in_unit"]["on_hand"]) == (12_500, "12.500")
    return shop


def test_a_piece_of_cheese_is_sold_sent_returned_in_part_and_refunded(deli: Api) -> None:
    placed = done(deli.post("/v1/orders", order_of("0.250", tax="0.50")))
    line, path = placed["lines"][0], f"/v1/orders/{placed['order_id']}"
    assert (placed["total"], line["unit_price"], line["ordered"]) == ("5.48", "19.90", 250)
    assert (line["unit_of_measure"], line["in_unit"]["allocated"]) == (KG, "0.250")
    paid = {"provider": "external", "amount": "5.48", "capture": "automatic"}
    payment = done(deli.post(f"{path}/payments", paid))["payment_id"]
    captured = {"kind": "captured", "provider_event_id": "e1", "amount": "5.48"}
    done(deli.post(f"{path}/payments/{payment}/report", captured))
    parcel = done(deli.post(f"{path}/shipments", {"location": "LON"}))
    assert parcel["lines"][0]["in_unit"] == {"quantity": "0.250"}
    done(deli.post(f"/v1/shipments/{parcel['shipment_id']}/dispatch", {}))
    before = done(deli.get("/v1/stock/CHEESE"))
    assert before["in_unit"]["on_hand"] == before["locations"][0]["in_unit"]["on_hand"] == "12.250"
    returned = {"lines": [{"line_id": "1", "quantity": "0.100"}], "approve": True}
    back = done(deli.post(f"{path}/returns", returned))["return_id"]
    came = {"line_id": "1", "quantity": "0.1", "condition": "resellable", "location": "LON"}
    done(deli.post(f"/v1/returns/{back}/receive", {"lines": [came], "complete": True}))
    refund = done(deli.post(f"/v1/returns/{back}/refund", {}))
    assert Decimal(refund["money"]["refunding"]) == Decimal("2.19")  # 1.99, and 0.20 of the tax
    assert done(deli.get("/v1/stock/CHEESE"))["in_unit"]["on_hand"] == "12.350"
    shown = done(deli.get(path))["lines"][0]
    assert (shown["in_unit"]["shipped"], shown["in_unit"]["returned"]) == ("0.250", "0.100")


def test_what_is_in_stock_is_valued_by_whole_units(deli: Api) -> None:
    items = done(deli.get("/v1/analytics/stock/values?sku=CHEESE"))["items"]
    values = [(each["units"], each["value_fifo"], each["value_average"]) for each in items]
    assert values == [(12_500, "123.75", "123.75")]


def test_quantities_that_could_be_meant_otherwise_are_refused(deli: Api) -> None:
    remedy = "The product is measured in kg with 3 decimals."
    for quantity in (2, "0.2505"):
        [(field, message)] = refused(deli.post("/v1/orders", order_of(quantity)))
        assert field == "lines.0.quantity"
        assert message.startswith(remedy)
    done(deli.put("/v1/products/MUG", {"title": "Mug"}))
    mugs = {"sku": "MUG", "location": "LON", "quantity": "2"}
    assert refused(deli.post("/v1/stock/receipts", mugs))[0][0] == "quantity"
    assert refused(deli.post("/v1/orders", order_of("0")))[0][0] == "lines.0.quantity"
    assert refused(deli.post("/v1/orders", order_of(0.25)))[0][0] == "lines.0.quantity"
    short = deli.post("/v1/orders", order_of("12.501"))
    assert (short.status_code, short.json()["code"]) == (409, "insufficient_stock")


def test_a_unit_has_the_decimals_of_the_first_definition_for_ever(deli: Api) -> None:
    def put(unit: dict[str, object] | None) -> Any:
        body = {"title": "Comte", **({"unit_of_measure": unit} if unit else {})}
        return deli.put("/v1/products/CHEESE", body)

    other = put({"code": "kg", "decimals": 2})
    assert (other.status_code, other.json()["code"]) == (409, "unit_is_fixed")
    assert done(put(None))["unit_of_measure"] == KG
    assert done(put({"code": "KGM", "decimals": 3}))["unit_of_measure"]["code"] == "KGM"
    assert done(deli.get("/v1/products/CHEESE"))["unit_of_measure"]["code"] == "KGM"


def test_what_is_read_as_of_then_is_in_its_unit_too(deli: Api) -> None:
    counted = deli.post("/v1/stock/counts", {"sku": "CHEESE", "location": "LON", "counted": "12.4"})
    position = counted.headers["Ledger-Position"]
    done(deli.post("/v1/orders", order_of("0.250")))
    then = done(deli.get(f"/v1/stock/CHEESE?as_of={position}"))
    assert then["in_unit"]["available"] == "12.400"
    assert done(deli.get("/v1/stock/CHEESE"))["in_unit"]["available"] == "12.150"


def test_work_at_a_location_is_in_the_unit(deli: Api) -> None:
    done(deli.post("/v1/orders", order_of("0.250")))
    items = done(deli.get("/v1/picklists?location=LON"))["items"]
    assert [(each["quantity"], each["in_unit"]) for each in items] == [(250, {"quantity": "0.250"})]
    path = f"/v1/fulfilments/{items[0]['picks'][0]['fulfilment_id']}"
    assert done(deli.get(path))["lines"][0]["in_unit"]["open"] == "0.250"
    done(deli.post(f"{path}/pick", {"lines": [{"line_id": "1", "quantity": "0.250"}]}))
    packages = [{"lines": [{"line_id": "1", "quantity": "0.250"}], "weight_g": 280}]
    done(deli.post(f"{path}/pack", {"packages": packages}))


def test_a_draft_of_cheese_becomes_an_order_of_it(deli: Api) -> None:
    body = order_of("0.333")
    draft = done(deli.post("/v1/drafts", body))["draft_id"]
    placed = done(deli.post(f"/v1/drafts/{draft}/place", {}))
    assert (placed["total"], placed["lines"][0]["ordered"]) == ("6.63", 333)
