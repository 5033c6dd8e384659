"""Many commands in one request."""

from __future__ import annotations

from typing import Any

from tests.http.commands.test_idempotency import head, key
from tests.http.conftest import Api
from tests.http.examples import Json, order
from tests.http.test_errors import fields, problem_of

RECEIPT: Json = {"sku": "A", "location": "LON", "quantity": 5}


def statuses(body: Json) -> list[int]:
    return [result["status"] for result in body["results"]]


def test_each_on_its_own_merits(memory_shop: Api) -> None:
    orders: list[Any] = [
        order(60),
        order(60),
        order(40),
        order(quantity=0),
        {"channel": "web"},
        17,
        order(1, external_id="x"),
        order(1, external_id="x", sku="B/1"),
        order(1, external_id="y", sku="B/1"),
        order(1, external_id="y", sku="B/1"),
    ]
    response = memory_shop.post("/v1/orders:batch", {"orders": orders})
    assert response.status_code == 200
    body = response.json()
    assert statuses(body) == [201, 409, 201, 422, 422, 422, 409, 201, 201, 200]
    first, short, _, wrong, *_ = body["results"]
    assert first["order"]["lines"][0]["allocated"] == 60
    assert short["problem"]["code"] == "insufficient_stock"
    assert short["problem"]["errors"][0]["available"] == 40
    assert wrong["problem"]["errors"][0]["field"] == "orders.3.lines.0.quantity"
    assert body["position"] == head(memory_shop)
    assert response.headers["ledger-position"] == str(body["position"])


def test_receipts_alone_and_many(memory_shop: Api) -> None:
    one = memory_shop.post("/v1/stock/receipts", RECEIPT).json()
    assert (one["on_hand"], one["location"]) == (65, "LON")
    items = [RECEIPT, {**RECEIPT, "location": "PAR"}, {**RECEIPT, "quantity": "5"}]
    body = memory_shop.post("/v1/stock/receipts", {"items": items}).json()
    assert statuses(body) == [200, 409, 422]
    assert body["results"][0]["item"]["on_hand"] == 70
    receipt = {**RECEIPT, "reference": 'the word "items" is no list'}
    assert memory_shop.post("/v1/stock/receipts", receipt).json()["on_hand"] == 75
    assert memory_shop.post("/v1/stock/receipts?dry_run=true", RECEIPT).json()["events"]


def test_a_batch_in_which_nothing_succeeds_still_has_a_position(memory_shop: Api) -> None:
    body = memory_shop.post("/v1/orders:batch", {"orders": [{}, order(1000)]}).json()
    assert statuses(body) == [422, 409]
    assert body["position"] == head(memory_shop)


def test_a_thousand_and_no_more(memory_shop: Api) -> None:
    orders = [order(backorder="allow")] * 1000
    body = memory_shop.post("/v1/orders:batch", {"orders": orders}).json()
    assert statuses(body) == [201] * 1000
    before = head(memory_shop)
    response = memory_shop.post("/v1/orders:batch", {"orders": [*orders, order()]})
    assert fields(problem_of(response, 422, "invalid_fields")) == ["orders"]
    assert head(memory_shop) == before


NO_BATCHES: list[tuple[Json, str]] = [
    ({}, "orders"),
    ({"orders": []}, "orders"),
    ({"orders": {}}, "orders"),
    ({"orders": None}, "orders"),
    ({"orders": [{}], "colour": "red"}, "colour"),
]


def test_no_batch(memory_api: Api) -> None:
    for body, field in NO_BATCHES:
        problem = problem_of(memory_api.post("/v1/orders:batch", body), 422, "invalid_fields")
        assert fields(problem) == [field], body


def test_a_replayed_batch(memory_shop: Api) -> None:
    batch = {"orders": [{}, order(1), order(1000), order(2)]}
    first = memory_shop.post("/v1/orders:batch", batch, headers=key("k"))
    assert statuses(first.json()) == [422, 201, 409, 201]
    before = head(memory_shop)
    again = memory_shop.post("/v1/orders:batch", batch, headers=key("k"))
    assert statuses(again.json()) == [422, 201, 409, 201]
    for one, other in zip(first.json()["results"], again.json()["results"], strict=True):
        assert one.get("order") == other.get("order")
    assert head(memory_shop) == before


def test_another_batch_under_the_same_key(memory_shop: Api) -> None:
    """Nothing of it happens, though it is longer and starts with what is invalid."""
    memory_shop.post("/v1/orders:batch", {"orders": [order(1), order(1)]}, headers=key("k"))
    before = head(memory_shop)
    other = {"orders": [{}, *[order(2)] * 5]}
    response = memory_shop.post("/v1/orders:batch", other, headers=key("k"))
    problem_of(response, 422, "idempotency_key_reused")
    problem_of(
        memory_shop.post("/v1/orders", order(1), headers=key("k")), 422, "idempotency_key_reused"
    )
    assert head(memory_shop) == before


def test_a_batch_that_broke_off_goes_on(memory_shop: Api) -> None:
    """Two copies of one request at once: every order of it is placed once."""
    batch = {"orders": [order(1) for _ in range(20)]}
    request = ("POST", "/v1/orders:batch", batch, key("k"))
    one, two, three = (response.json() for response in memory_shop.all_at_once(*[request] * 3))
    ids = [
        [result["order"]["order_id"] for result in body["results"]] for body in (one, two, three)
    ]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids[0])) == 20
    placed = memory_shop.get("/v1/events?types=order.placed.v1").json()["items"]
    assert len(placed) == 20


def test_a_dry_batch(memory_shop: Api) -> None:
    before = head(memory_shop)
    body = memory_shop.post(
        "/v1/orders:batch?dry_run=true", {"orders": [order(1), order(1000)]}
    ).json()
    assert statuses(body) == [200, 409]
    assert body["results"][0]["order"]["events"]
    assert head(memory_shop) == before
