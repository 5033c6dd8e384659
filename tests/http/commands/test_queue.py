"""Queued orders over HTTP: 202 at once, in lists and timelines, alone and in batches."""

from __future__ import annotations

from collections import Counter
from typing import Any

from oms_ledger.app import Oms
from oms_ledger.http.app import create_app
from tests.engine.work.mortal import finish
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import problem_of


def queued(api: Api, quantity: int = 1, **more: Any) -> dict[str, Any]:
    answer = api.post("/v1/orders", order(quantity, intake="queued", **more))
    assert answer.status_code == 202, answer.text
    received: dict[str, Any] = answer.json()
    return received


def worked_off(oms: Oms) -> dict[str, Any]:
    """Work the queue off; parameters for queries of what is there then."""
    finish(oms)
    return {"min_position": oms.readers.head(), "wait_ms": 10_000}


def test_an_order_is_received_and_placed_in_its_turn(oms: Oms, shop: Api) -> None:
    received = queued(shop, 3, external_id="Q-1", confirm=True)
    order_id = received["order_id"]
    assert received["status"]["order"] == "received"
    assert received["order_number"] == "WEB-000001"
    assert received["lines"][0]["allocated"] == 0
    waiting = {"min_position": received["position"], "wait_ms": 10_000}
    shown = shop.get(f"/v1/orders/{order_id}", params=waiting).json()
    assert (shown["status"], shown["rejection"]) == (received["status"], None)
    items = shop.get("/v1/orders", params={**waiting, "status": "received"}).json()["items"]
    assert [item["order_id"] for item in items] == [order_id]
    again = shop.post("/v1/orders", order(3, intake="queued", external_id="Q-1", confirm=True))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["order_id"] == order_id
    now = worked_off(oms)
    shown = shop.get(f"/v1/orders/{order_id}", params=now).json()
    assert (shown["status"]["order"], shown["lines"][0]["allocated"]) == ("confirmed", 3)
    assert shop.get("/v1/orders", params={**now, "status": "received"}).json()["items"] == []
    as_of = {"as_of": received["position"]}
    past = shop.get(f"/v1/orders/{order_id}", params=as_of).json()
    assert past["status"]["order"] == "received"
    timeline = shop.get(f"/v1/orders/{order_id}/timeline", params=now).json()["items"]
    assert "it is in the queue" in timeline[0]["text"]
    assert timeline[1]["actor"] == "policy:when_order_received_place_it"
    types = [each["event"] for each in timeline]
    assert types[0] == "order.received.v1"
    assert {"order.placed.v1", "order.confirmed.v1"} <= set(types)


def test_an_order_that_cannot_be_placed_is_rejected_with_the_reason(oms: Oms, shop: Api) -> None:
    short, unknown = queued(shop, 5000), queued(shop, lines=[
        {"sku": "never-defined", "quantity": 1, "unit_price": "1.00"}
    ])  # fmt: skip
    now = worked_off(oms)
    shown = shop.get(f"/v1/orders/{short['order_id']}", params=now).json()
    assert shown["status"] == {
        "order": "rejected", "payment": "none", "fulfilment": "cancelled", "return": "none",
    }  # fmt: skip
    direct = problem_of(shop.post("/v1/orders", order(5000)), 409, "insufficient_stock")
    assert shown["rejection"]["code"] == "insufficient_stock"
    assert shown["rejection"]["detail"] == direct["detail"]
    assert shown["rejection"]["errors"] == direct["errors"]
    shown = shop.get(f"/v1/orders/{unknown['order_id']}", params=now).json()
    assert shown["rejection"]["code"] == "unknown_sku"
    items = shop.get("/v1/orders", params={**now, "status": "rejected"}).json()["items"]
    assert {item["order_id"] for item in items} == {short["order_id"], unknown["order_id"]}
    path = f"/v1/orders/{short['order_id']}"
    text = shop.get(f"{path}/timeline", params=now).json()["items"][-1]["text"]
    assert text.startswith("Order rejected: Not enough stock")
    for act, body in (
        ("confirm", {}), ("resume", {}), ("hold", {"reason": "x"}),
        ("shipments", {"location": "LON"}),
        ("payments", {"provider": "manual", "amount": "1.00", "capture": "manual"}),
        ("returns", {"lines": [{"line_id": "1", "quantity": 1, "reason": "x"}]}),
    ):  # fmt: skip
        problem = problem_of(shop.post(f"{path}/{act}", body), 409, "illegal_transition")
        assert "rejected" in problem["detail"], act
    problem_of(shop.post(f"{path}/cancel", {"reason": "customer"}), 409, "already_cancelled")


def test_queued_orders_in_batches_are_each_on_their_own(oms: Oms, shop: Api) -> None:
    bodies = [order(60, intake="queued", external_id=f"B-{n}", confirm=n == 0) for n in range(3)]
    many = [*bodies, {**order(1), "channel": "two words"}, order(1), bodies[0]]
    answer = shop.post("/v1/orders:batch", {"orders": many}).json()
    assert [each["status"] for each in answer["results"]] == [202, 202, 202, 422, 201, 200]
    ids = [each["order"]["order_id"] for each in answer["results"][:3]]
    items = [{"name": "PlaceOrder", **order(1, intake="queued")}]
    batch = shop.post("/v1/commands:batch", {"commands": items}).json()["results"]
    assert [each["status"] for each in batch] == [202]
    now = worked_off(oms)
    statuses = [
        shop.get(f"/v1/orders/{order_id}", params=now).json()["status"]["order"] for order_id in ids
    ]
    assert statuses == ["confirmed", "rejected", "rejected"]


def test_many_at_once_are_all_received_and_none_is_oversold(oms: Oms, shop: Api) -> None:
    """There are 100 units; forty orders want five each, each sent twice."""
    requests: list[tuple[str, str, Any, dict[str, str]]] = [
        ("POST", "/v1/orders", order(5, intake="queued", external_id=f"M-{n % 40}"), {})
        for n in range(80)
    ]
    answers = shop.all_at_once(*requests)
    assert Counter(answer.status_code for answer in answers) == {202: 40, 200: 40}
    now = worked_off(oms)
    listed = shop.get("/v1/orders", params={**now, "limit": 100}).json()["items"]
    assert Counter(item["status"]["order"] for item in listed) == {"pending": 20, "rejected": 20}
    placed = {item["order_number"] for item in listed if item["status"]["order"] == "pending"}
    assert placed == {f"WEB-{n:06d}" for n in range(1, 21)}
    stock = shop.get("/v1/stock/A", params=now).json()
    assert (stock["allocated"], stock["available"]) == (100, 0)


def test_an_idempotency_key_repeats_the_first_answer(oms: Oms, shop: Api) -> None:
    key = {"Idempotency-Key": "once"}
    first = shop.post("/v1/orders", order(1, intake="queued"), headers=key)
    worked_off(oms)
    again = shop.post("/v1/orders", order(1, intake="queued"), headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    dry = shop.post("/v1/orders?dry_run=true", order(1, intake="queued"))
    assert dry.status_code == 200
    assert [event["type"] for event in dry.json()["events"]][-1] == "order.received.v1"
    problem_of(shop.post("/v1/orders", order(1, intake="later")), 422, "invalid_fields")


def test_a_draft_can_be_queued(oms: Oms, shop: Api) -> None:
    draft_id = shop.post("/v1/drafts", order(2, intake="queued")).json()["draft_id"]
    placed = shop.post(f"/v1/drafts/{draft_id}/place")
    assert placed.status_code == 202
    now = worked_off(oms)
    shown = shop.get(f"/v1/orders/{placed.json()['order_id']}", params=now).json()
    assert shown["status"]["order"] == "pending"
    assert shop.post(f"/v1/drafts/{draft_id}/place").status_code == 200


def test_a_queued_order_is_sealed_masked_and_forgotten_as_any_other(oms: Oms, shop: Api) -> None:
    shop.put("/v1/products/A", {"title": "Pill", "sensitive": True})
    received = queued(shop, 5000, customer={"id": "c-1", "name": "Zqmark"})
    path = f"/v1/orders/{received['order_id']}"
    now = worked_off(oms)
    assert shop.get(path, params=now).json()["customer"]["name"] == "Zqmark"
    key = oms.api_keys.create("desk", "support")
    with Api(create_app(oms), key=key) as desk:
        shown = desk.get(path, params=now).json()
        assert shown["lines"][0]["sku"] == shown["rejection"]["detail"] == "***"
        assert shown["rejection"]["errors"][0]["sku"] == "***"
    shop.post("/v1/customers/c-1/forget", {"reason": "erasure request"})
    assert "Zqmark" not in shop.get(f"{path}/events").text
    assert "Zqmark" not in shop.get(path, params={"as_of": received["position"]}).text
