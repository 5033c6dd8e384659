"""The list of deadlines: filtered, the earliest first, page by page."""

from __future__ import annotations

from typing import Any

from oms_ledger.app import Oms
from tests.http.conftest import Api
from tests.http.examples import order


def scheduled(api: Api, *days: int) -> list[str]:
    """Orders that wait for a day of the year 2200; their ids."""
    return [
        api.post(
            "/v1/orders", json={**order(1), "fulfil_at": f"2200-01-{day:02}T00:00:00Z"}
        ).json()["order_id"]
        for day in days
    ]


def keys(api: Api, **params: Any) -> list[str]:
    answer = api.get("/v1/deadlines", params=params)
    assert answer.status_code == 200, answer.text
    return [item["key"] for item in answer.json()["items"]]


def test_they_are_listed_the_earliest_first_and_filtered(shop: Api, oms: Oms) -> None:
    third, first, second = scheduled(shop, 30, 10, 20)
    oms.catch_up()
    assert keys(shop) == [first, second, third]
    assert keys(shop, kind="scheduled_order") == [first, second, third]
    assert keys(shop, kind="unknown") == []
    assert keys(shop, due_before="2200-01-20T00:00:00Z") == [first]
    assert keys(shop, due_before="2200-01-20") == [first, second], "the whole day"
    assert keys(shop, key=second) == [second]
    page = shop.get("/v1/deadlines", params={"limit": 2}).json()
    assert [item["key"] for item in page["items"]] == [first, second]
    assert keys(shop, limit=2, cursor=page["next_cursor"]) == [third]
    assert shop.get("/v1/deadlines", params={"cursor": "x"}).status_code == 422
    shop.post(f"/v1/orders/{first}/release-schedule")
    shop.post(f"/v1/orders/{second}/cancel", json={"reason": "customer"})
    oms.catch_up()
    assert keys(shop) == [third]


def test_orders_are_listed_by_the_status_scheduled(shop: Api, oms: Oms) -> None:
    (waiting,) = scheduled(shop, 10)
    shop.post(f"/v1/orders/{waiting}/confirm")
    oms.catch_up()
    listed = shop.get("/v1/orders", params={"status": "scheduled"}).json()["items"]
    assert [each["order_id"] for each in listed] == [waiting]
    refused = shop.post(f"/v1/orders/{waiting}/shipments", json={"location": "LON"})
    assert (refused.status_code, refused.json()["code"]) == (409, "illegal_transition")
    assert "fulfil_at is 2200-01-10" in refused.json()["detail"]
