"""Orders held by rules, and shipments that are blocked, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.http.commands.test_returns import posted
from tests.http.conftest import Api
from tests.http.examples import order

EVE = {"name": "Eve", "email": "eve@example.org"}


def put(api: Api, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = api.put(path, body)
    assert answer.status_code == status, answer.text
    result: dict[str, Any] = answer.json()
    return result


def placed(api: Api, **more: Any) -> dict[str, Any]:
    return posted(api, "/v1/orders", order(1, confirm=True, **more), 201)


def test_an_order_with_a_blocked_email_address_is_held_and_cannot_ship(
    shop: Api,
) -> None:
    answer = put(shop, "/v1/blocked/Eve@Example.org", {"reason": "charge-backs"})
    assert answer["buyer"].startswith("email:")
    assert "example" not in answer["buyer"].lower()
    held = placed(shop, customer={**EVE, "email": " EVE@example.org "})
    (hold,) = held["holds"]
    assert (hold["rule"], hold["reason"]) == ("blocked", "charge-backs")
    ship = {"location": "LON"}
    refused = shop.post(f"/v1/orders/{held['order_id']}/shipments", ship)
    assert (refused.status_code, refused.json()["code"]) == (409, "ship_blocked")
    assert refused.json()["errors"][0]["hold_id"] == hold["hold_id"]
    for customer in (None, {"id": "c1", "email": "adam@example.org"}):
        assert placed(shop, customer=customer)["holds"] == []
    types = {"types": "blocked.added.v1,order.held.v1"}
    assert "example" not in shop.get("/v1/events", params=types).text.lower()


def test_the_list_survives_the_erasure_of_the_person_and_ends_with_the_entry(shop: Api) -> None:
    put(shop, "/v1/blocked/eve@example.org", {"reason": "charge-backs"})
    placed(shop, customer=EVE)
    posted(shop, "/v1/customers/eve@example.org/forget", {"reason": "request"})
    assert len(placed(shop, customer=EVE)["holds"]) == 1
    (entry,) = shop.get("/v1/blocked").json()["items"]
    assert (entry["blocked"], entry["reason"]) == (True, "charge-backs")
    assert shop.send("DELETE", "/v1/blocked/eve@example.org").status_code == 200
    assert shop.get("/v1/blocked").json()["items"] == []
    assert placed(shop, customer=EVE)["holds"] == []


def test_a_rule_holds_items_of_a_batch_each_on_its_own(shop: Api) -> None:
    rule = {"type": "value", "minimum": "5.00", "currency": "GBP", "reason": "high value"}
    put(shop, "/v1/hold-rules/big", rule)
    many = [order(units) for units in (1, 2)]
    results = posted(shop, "/v1/orders:batch", {"orders": many})["results"]
    assert [len(result["order"]["holds"]) for result in results] == [0, 1]
    assert results[1]["order"]["holds"][0]["inputs"] == [
        {"name": "total", "value": "5.10"},
        {"name": "minimum", "value": "5.00"},
        {"name": "currency", "value": "GBP"},
    ]
    (listed,) = shop.get("/v1/hold-rules").json()["items"]
    assert (listed["name"], listed["minimum"], listed["version"]) == ("big", "5.00", 1)


def test_risk_and_force(shop: Api) -> None:
    path = f"/v1/orders/{placed(shop)['order_id']}"
    assert posted(shop, f"{path}/risk", {"score": 0.97, "decision": "deny"})["on_hold"] is True
    ship = {"location": "LON", "force": True, "reason": "known buyer"}
    shipment_id = posted(shop, f"{path}/shipments", ship, 201)["shipment_id"]
    dispatch = f"/v1/shipments/{shipment_id}/dispatch"
    assert shop.post(dispatch, {}).json()["code"] == "ship_blocked"
    assert shop.post(dispatch, {"force": True}).status_code == 422
    posted(shop, f"{path}/risk", {"score": "0.97", "decision": "accept"})
    types = {"types": "order.risk_assessed.v1"}
    scores = [
        event["data"]["score"] for event in shop.get("/v1/events", params=types).json()["items"]
    ]
    assert scores == ["0.97", "0.97"]


def test_unpaid_orders_of_a_channel_do_not_leave(shop: Api) -> None:
    put(shop, "/v1/channels/Web", {"capture_on": "dispatch", "ship_unpaid": False})
    path = f"/v1/orders/{placed(shop)['order_id']}"
    refused = shop.post(f"{path}/shipments", {"location": "LON"}).json()
    assert (refused["code"], refused["errors"][0]["block"]) == ("ship_blocked", "unpaid")
    posted(shop, f"{path}/payments", {"provider": "manual", "amount": "2.55"}, 201)
    made = posted(shop, f"{path}/shipments", {"location": "LON"}, 201)
    posted(shop, f"/v1/shipments/{made['shipment_id']}/dispatch", {})
    money = posted(shop, f"{path}/capture", {})["money"]
    assert (money["captured"], money["due"]) == ("2.55", "0.00")
