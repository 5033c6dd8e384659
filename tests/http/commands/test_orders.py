"""Orders over HTTP, from placing to delivery."""

from __future__ import annotations

from tests.http.conftest import Api
from tests.http.examples import order


def test_place_and_see(shop: Api) -> None:
    placed = shop.post("/v1/orders", order(3, external_id="1001"))
    assert placed.status_code == 201
    body = placed.json()
    assert placed.headers["ledger-position"] == str(body["position"])
    assert placed.headers["etag"] == f'"{body["version"]}"'
    assert placed.headers["content-type"] == "application/json"
    assert body["lines"][0]["allocations"] == [{"location": "LON", "quantity": 3}]
    assert (body["total"], body["currency"]) == ("7.65", "GBP")
    shown = shop.get(f"/v1/orders/{body['order_id']}?min_position={body['position']}")
    assert shown.status_code == 200
    assert shown.json()["status"] == body["status"]
    assert int(shown.headers["ledger-position"]) >= body["position"]
    assert shown.headers["etag"] == placed.headers["etag"]


def test_the_same_order_again_with_confirm_is_confirmed(shop: Api) -> None:
    first = shop.post("/v1/orders", order(3, external_id="1001"))
    assert first.json()["status"]["order"] == "pending"
    confirmed = order(3, external_id="1001", confirm=True)
    keyed = [shop.post("/v1/orders", confirmed, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    for again in (*keyed, shop.post("/v1/orders", confirmed)):
        assert again.status_code == 200, "an order that was there was not created"
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json()["order_id"] == first.json()["order_id"]
        assert again.json()["status"]["order"] == "confirmed"
    events = shop.get(f"/v1/orders/{first.json()['order_id']}/events").json()["items"]
    assert [event["type"] for event in events].count("order.confirmed.v1") == 1


def test_in_a_batch_too_it_is_confirmed_and_not_created(shop: Api) -> None:
    first = shop.post("/v1/orders", order(3, external_id="1001"))
    batch = {"orders": [order(3, external_id="1001", confirm=True), order(1, confirm=True)]}
    results = shop.post("/v1/orders:batch", batch).json()["results"]
    assert [each["status"] for each in results] == [200, 201]
    assert results[0]["order"]["order_id"] == first.json()["order_id"]
    assert {each["order"]["status"]["order"] for each in results} == {"confirmed"}


def test_the_same_order_again_is_one_order(shop: Api) -> None:
    first = shop.post("/v1/orders", order(3, external_id="1001"))
    again = shop.post("/v1/orders", order(3, external_id="1001"))
    assert again.status_code == 200
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["order_id"] == first.json()["order_id"]
    # Under a key, what is repeated is that second answer.
    keyed = [
        shop.post("/v1/orders", order(3, external_id="1001"), headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [each.status_code for each in keyed] == [200, 200]
    other = shop.post("/v1/orders", order(4, external_id="1001"))
    assert (other.status_code, other.json()["code"]) == (409, "external_id_reused")
