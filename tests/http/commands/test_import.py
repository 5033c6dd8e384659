"""Imports of past orders over HTTP: alone, many at once, twice at the same moment, tried first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from oms_ledger.app import Oms
from tests.engine.work.mortal import finish
from tests.http.commands.test_idempotency import head, key
from tests.http.conftest import Api
from tests.http.examples import order
from tests.http.test_errors import fields, problem_of

PATH = "/v1/orders:import"
SHIPMENT = {
    "location": "LON",
    "dispatched_at": "2019-12-02T15:00:00Z",
    "delivered_at": "2019-12-04T10:12:00Z",
}
PAYMENT = {
    "provider": "bank",
    "reference": "17",
    "amount": "2.55",
    "captured_at": "2019-12-01T10:00:00Z",
}


def past(n: int, quantity: int = 1, **more: Any) -> dict[str, Any]:
    dates = {"placed_at": "2019-12-01T08:00:00Z", "confirmed_at": "2019-12-01T09:00:00Z"}
    return order(quantity, external_id=f"old-{n}", number=f"SO-{n}", **dates, **more)


def now(oms: Oms) -> dict[str, Any]:
    return {"min_position": oms.readers.head(), "wait_ms": 10_000}


def test_many_share_what_stands_beside_them(memory_shop: Api) -> None:
    orders = [past(1), past(2, stock="update"), past(3, 1000, stock="update"), past(1), {}]
    body = memory_shop.post(PATH, {"orders": orders, "stock": "skip"}).json()
    assert [each["status"] for each in body["results"]] == [201, 201, 409, 200, 422]
    first, second, *_ = (each.get("order") for each in body["results"])
    assert (first["imported"], first["lines"][0]["untracked"]) == ("skip", 1)
    assert (second["imported"], second["lines"][0]["allocated"]) == ("update", 1)
    assert first["order_number"] == "SO-1"


@pytest.mark.parametrize("stock", [["skip"], {"a": 1}, None, "x" * 2000])
def test_what_is_shared_is_one_short_value(memory_shop: Api, stock: object) -> None:
    problem = memory_shop.post(PATH, {"orders": [past(1)], "stock": stock})
    assert fields(problem_of(problem, 422, "invalid_fields")) == ["stock"]


def test_a_shared_value_that_is_none_is_refused_by_each_item(memory_shop: Api) -> None:
    body = memory_shop.post(PATH, {"orders": [past(1), past(2)], "stock": "maybe"}).json()
    assert [each["status"] for each in body["results"]] == [422, 422]
    errors = body["results"][1]["problem"]["errors"]
    assert errors[0]["field"] == "orders.1.stock"


def test_other_batches_share_nothing(memory_shop: Api) -> None:
    problem = memory_shop.post("/v1/orders:batch", {"orders": [order()], "stock": "skip"})
    assert fields(problem_of(problem, 422, "invalid_fields")) == ["stock"]


def test_one_alone(memory_shop: Api) -> None:
    answer = memory_shop.post(PATH, past(1, shipments=[SHIPMENT]))
    assert answer.status_code == 201
    assert answer.json()["status"]["fulfilment"] == "delivered"
    again = memory_shop.post(PATH, past(1, shipments=[SHIPMENT]))
    assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
    assert again.json()["order_id"] == answer.json()["order_id"]


def test_a_dry_run_writes_nothing(memory_shop: Api) -> None:
    before = head(memory_shop)
    dry = memory_shop.post(f"{PATH}?dry_run=true", {"orders": [past(1, shipments=[SHIPMENT])]})
    (result,) = dry.json()["results"]
    types = [each["type"] for each in result["order"]["events"]]
    assert "shipment.delivered.v1" in types
    assert not [each for each in types if each.startswith("stock.")]
    assert head(memory_shop) == before


def test_a_thousand_and_no_more(memory_shop: Api) -> None:
    body = memory_shop.post(PATH, {"orders": [past(n) for n in range(1000)]}).json()
    assert {each["status"] for each in body["results"]} == {201}
    too_many = memory_shop.post(PATH, {"orders": [past(n) for n in range(1001)]})
    assert fields(problem_of(too_many, 422, "invalid_fields")) == ["orders"]


def test_under_one_key_it_is_one_import(memory_shop: Api) -> None:
    body = {"orders": [past(1), past(2)], "stock": "skip"}
    first = memory_shop.post(PATH, body, headers=key("k1"))
    again = memory_shop.post(PATH, body, headers=key("k1"))
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["results"] == first.json()["results"]
    other = memory_shop.post(PATH, body | {"stock": "force"}, headers=key("k1"))
    problem_of(other, 422, "idempotency_key_reused")


def test_hostile_fields_are_refused_by_their_names(memory_shop: Api) -> None:
    for more, field in (
        ({"intake": "queued"}, "intake"),
        ({"shipments": [SHIPMENT] * 101}, "shipments"),
        ({"shipments": [SHIPMENT | {"dispatched_at": 20191202}]}, "shipments.0.dispatched_at"),
        ({"shipments": [SHIPMENT | {"lines": []}]}, "shipments.0.lines"),
        ({"payments": [PAYMENT | {"amount": -1}]}, "payments.0.amount"),
        ({"payments": [PAYMENT | {"amount": 2.55}]}, "payments.0.amount"),
        ({"number": "a\u0000b"}, "number"),
        ({"number": ""}, "number"),
        ({"confirmed_at": "yesterday"}, "confirmed_at"),
        ({"stock": "all"}, "stock"),
    ):
        before = head(memory_shop)
        problem = memory_shop.post(PATH, {**past(1), **more})
        assert problem.status_code == 422, more
        if field != "number" or more["number"]:
            assert problem.json()["code"] in ("invalid_fields", "malformed")
        assert head(memory_shop) == before


def test_the_same_batch_twice_at_once_is_one_import(oms: Oms, shop: Api) -> None:
    orders = [past(n, shipments=[SHIPMENT], payments=[PAYMENT]) for n in range(30)]
    body = {"orders": orders, "stock": "update"}
    with ThreadPoolExecutor(4) as pool:
        answers = [each.json() for each in pool.map(lambda _: shop.post(PATH, body), range(4))]
    ids = [[each["order"]["order_id"] for each in answer["results"]] for answer in answers]
    assert ids == [ids[0]] * 4
    statuses = [each["status"] for answer in answers for each in answer["results"]]
    assert sorted(statuses) == [200] * 90 + [201] * 30
    level = shop.get("/v1/stock/A", params=now(oms)).json()
    assert (level["on_hand"], level["allocated"]) == (70, 0)


def test_one_number_is_of_one_order_however_many_come_at_once(shop: Api) -> None:
    clashing = [past(n) | {"number": "SO-1"} for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda each: shop.post(PATH, each), clashing))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"number_taken"}


def test_lists_timelines_and_figures_have_its_own_dates(oms: Oms, shop: Api) -> None:
    body = past(1, shipments=[SHIPMENT], payments=[PAYMENT])
    order_id = shop.post(PATH, body).json()["order_id"]
    shown = shop.get(f"/v1/orders/{order_id}", params=now(oms)).json()
    assert shown["placed_at"] == "2019-12-01T08:00:00Z"
    assert [each["status"] for each in shown["shipments"]] == ["delivered"]
    items = shop.get("/v1/orders", params={"q": "SO-1", **now(oms)}).json()["items"]
    assert [each["order_id"] for each in items] == [order_id]
    timeline = shop.get(f"/v1/orders/{order_id}/timeline", params=now(oms)).json()["items"]
    assert timeline[0]["at"] == "2019-12-01T08:00:00Z"
    assert "SO-1 imported (stock: skip)" in timeline[0]["text"]
    period = {"from": "2019-12-01", "to": "2019-12-31", **now(oms)}
    (figures,) = shop.get("/v1/analytics/orders", params=period).json()["rows"]
    assert figures["orders"] == 1
    shipping = shop.get("/v1/analytics/shipping", params=period).json()["rows"]
    assert [each["shipments"] for each in shipping] == [1]


def test_nothing_follows_from_an_import(oms: Oms, shop: Api) -> None:
    shop.put("/v1/channels/web", {"messages": True, "capture_on": "placement"})
    rule = {"type": "velocity", "orders": 2, "hours": 24, "reason": "many"}
    shop.put("/v1/hold-rules/often", rule)
    customer = {"id": "c1", "email": "ada@example.com"}
    paid: dict[str, Any] = {
        "payments": [PAYMENT],
        "customer": customer,
        "pay_by": "2019-12-03T00:00:00Z",
    }
    orders = [
        past(1, shipments=[SHIPMENT], **paid),
        past(2, cancelled_at="2019-12-09T00:00:00Z", **paid),
        past(3, **paid | {"payments": []}),
        past(4, payments=[PAYMENT | {"refunded": "1.00"}], customer=customer),
    ]
    body = shop.post(PATH, {"orders": orders, "stock": "skip"}).json()
    assert [each["status"] for each in body["results"]] == [201] * 4
    before = oms.readers.head()
    finish(oms)
    assert oms.readers.head() == before
    deadlines = shop.get("/v1/deadlines", params=now(oms)).json()["items"]
    assert deadlines == []


def test_what_happens_to_it_later_is_news(oms: Oms, shop: Api) -> None:
    shop.put("/v1/channels/web", {"messages": True})
    body = past(1, customer={"id": "c1", "email": "ada@example.com"}, stock="update")
    order_id = shop.post(PATH, body).json()["order_id"]
    made = shop.post(f"/v1/orders/{order_id}/shipments", {"location": "LON"}).json()
    shop.post(f"/v1/shipments/{made['shipment_id']}/dispatch")
    finish(oms)
    messages = shop.get("/v1/messages", params=now(oms)).json()["items"]
    assert [each["template"] for each in messages] == ["shipped"]
