"""Returns over HTTP: two refunds at the same moment, and what a desk sees of it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.http.conftest import Api
from tests.http.examples import order


def posted(api: Api, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = api.post(path, body)
    assert answer.status_code == status, answer.text
    result: dict[str, Any] = answer.json()
    return result


def returned(api: Api, units: int = 2) -> tuple[str, str]:
    """A paid and delivered order of three units, of which some came back."""
    lines = [{"sku": "A", "quantity": 3, "unit_price": "2.00", "tax": "0.40"}]
    order_id = posted(api, "/v1/orders", order(lines=lines, confirm=True), 201)["order_id"]
    path = f"/v1/orders/{order_id}"
    paid = {"provider": "manual", "amount": "6.40", "capture": "automatic"}
    posted(api, f"{path}/payments", paid, 201)
    made = posted(api, f"{path}/shipments", {"location": "LON"}, 201)
    posted(api, f"/v1/shipments/{made['shipment_id']}/dispatch", {})
    posted(api, f"/v1/shipments/{made['shipment_id']}/deliver", {})
    line = {"line_id": "1", "quantity": units}
    body = {"lines": [{**line, "reason": "Too small"}], "approve": True}
    return_id = posted(api, f"{path}/returns", body, 201)["return_id"]
    came = {**line, "condition": "resellable", "location": "LON"}
    posted(api, f"/v1/returns/{return_id}/receive", {"lines": [came]})
    return order_id, return_id


def test_of_many_refunds_at_the_same_moment_one_is_made(shop: Api) -> None:
    order_id, return_id = returned(shop)
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: shop.post(f"/v1/returns/{return_id}/refund", {}), range(8))
        )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["code"] for problem in refused} == {"nothing_to_refund"}
    events = shop.get("/v1/events", params={"types": "payment.refunded.v1"}).json()["items"]
    assert [event["data"]["amount"] for event in events] == [{"minor": 427, "currency": "GBP"}]
    position = next(a for a in answers if a.status_code == 200).json()["position"]
    after = {"min_position": position}
    shown = shop.get(f"/v1/orders/{order_id}", params=after).json()
    assert (shown["money"]["refunded"], shown["money"]["credit"]) == ("4.27", "0.00")
    assert shown["status"]["return"] == "partially_returned"


def test_the_same_refund_sent_twice_is_one(shop: Api) -> None:
    _, return_id = returned(shop)
    key = {"Idempotency-Key": "refund-1"}
    first = shop.post(f"/v1/returns/{return_id}/refund", {}, headers=key)
    again = shop.post(f"/v1/returns/{return_id}/refund", {}, headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["refund_id"] == again.json()["refund_id"]


def test_the_same_refund_sent_twice_at_the_same_moment_is_one(shop: Api) -> None:
    _, return_id = returned(shop)
    key = {"Idempotency-Key": "refund-1"}
    path = f"/v1/returns/{return_id}/refund"
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: shop.post(path, {}, headers=key), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refund_id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    events = shop.get("/v1/events", params={"types": "payment.refunded.v1"}).json()["items"]
    assert [event["data"]["amount"]["minor"] for event in events] == [427]


def test_of_two_refunds_of_a_payment_at_the_same_moment_one_is_refused(shop: Api) -> None:
    """Without a return behind them. Each by itself is no more than was captured."""
    order_id = posted(shop, "/v1/orders", order(2), 201)["order_id"]
    paid = {"provider": "manual", "amount": "5.10", "capture": "automatic"}
    payment = posted(shop, f"/v1/orders/{order_id}/payments", paid, 201)
    path = f"/v1/orders/{order_id}/payments/{payment['payment_id']}/refund"
    body = {"amount": "3.00", "reason": "late"}
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda _: shop.post(path, body), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
    assert refused["code"] == "over_refund"
    assert refused["errors"] == [{"requested": "3.00", "available": "2.10"}]


def test_the_desk_lists_and_filters(shop: Api) -> None:
    order_id, return_id = returned(shop)
    other, second = returned(shop, 1)
    position = posted(shop, f"/v1/returns/{second}/refund", {})["position"]

    def listed(**filters: str) -> list[str]:
        answer = shop.get("/v1/returns", params={"min_position": position, **filters})
        assert answer.status_code == 200, answer.text
        return [item["return_id"] for item in answer.json()["items"]]

    assert listed() == [second, return_id]
    assert listed(order=order_id) == [return_id]
    assert listed(order=f"{order_id},{other}") == [second, return_id]
    assert listed(status="received,closed") == [second, return_id]
    assert listed(status="requested") == []
    assert listed(location="LON", condition="resellable") == [second, return_id]
    assert listed(location="MAN") == []
    assert listed(refund_owed="true") == [return_id]
    assert listed(refund_owed="false") == [second]
    number = shop.get(f"/v1/returns/{return_id}").json()["order_number"]
    assert listed(q=number.lower()) == [return_id]
    assert listed(q="nothing") == []
    first = shop.get("/v1/returns", params={"limit": 1}).json()
    rest = shop.get("/v1/returns", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [item["return_id"] for item in (*first["items"], *rest["items"])] == [second, return_id]


def test_a_return_as_it_was(shop: Api) -> None:
    _, return_id = returned(shop)
    before = shop.get("/v1/events", params={"limit": 1}).headers["ledger-position"]
    posted(shop, f"/v1/returns/{return_id}/refund", {})
    then = shop.get(f"/v1/returns/{return_id}", params={"as_of": before}).json()
    assert (then["status"], then["refunded"], then["closed_at"]) == ("received", "0.00", None)


def test_orders_are_filtered_by_their_return(shop: Api) -> None:
    order_id, _ = returned(shop)
    line = {"line_id": "1", "quantity": 1}
    answer = posted(shop, f"/v1/orders/{order_id}/returns", {"lines": [line]}, 201)
    after = {"min_position": str(answer["position"])}
    shown = shop.get(f"/v1/orders/{order_id}", params=after).json()
    assert (shown["lines"][0]["returned"], shown["lines"][0]["return_requested"]) == (2, 1)
    listed = shop.get("/v1/orders", params={"return": "partially_returned", **after}).json()
    assert [item["order_id"] for item in listed["items"]] == [order_id]
    story = shop.get(f"/v1/orders/{order_id}/timeline", params=after).json()["items"]
    texts = [item["text"] for item in story]
    assert "2 x A came back to LON, resellable; disposition: restock" in texts
