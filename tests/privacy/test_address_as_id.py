"""Customers whose id is an e-mail address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.conftest import Api
from tests.http.examples import order

EMAIL = "Zqann@example.com"
ONLY_ID = {"id": EMAIL}
WITH_NAME = {"id": EMAIL, "name": "Zqann"}
WITH_EMAIL = {"id": EMAIL, "name": "Zqann", "email": EMAIL}
AS_GUEST = {"name": "Zqann", "email": EMAIL}


def buys(api: Api, customer: dict[str, str], **more: Any) -> dict[str, Any]:
    answer = api.post("/v1/orders", order(1, customer=customer, **more))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def orders_of(api: Api, customer: str, position: int) -> list[str]:
    answer = api.get(f"/v1/customers/{customer}/orders", params={"min_position": position})
    assert answer.status_code == 200, answer.text
    return [item["order_id"] for item in answer.json()["items"]]


@pytest.mark.parametrize("customer", [ONLY_ID, WITH_NAME, WITH_EMAIL])
@pytest.mark.parametrize("guest", ["before", "after", None])
def test_their_orders_are_listed_by_the_address(
    shop: Api, customer: dict[str, str], guest: str | None
) -> None:
    if guest == "before":
        buys(shop, AS_GUEST)
    made = [buys(shop, customer) for _ in range(2)]
    last = buys(shop, AS_GUEST) if guest == "after" else made[-1]
    expected = [each["order_id"] for each in reversed(made)]
    assert orders_of(shop, EMAIL, last["position"]) == expected
    summary = shop.get(f"/v1/customers/{EMAIL}").json()
    assert summary["customer_id"] == EMAIL
    assert summary["orders"] >= 2


def test_an_unknown_address_and_one_of_a_guest_are_no_ids(shop: Api) -> None:
    made = buys(shop, AS_GUEST)
    waits = {"min_position": made["position"]}
    for address in (EMAIL, "nobody@example.com"):
        answer = shop.get(f"/v1/customers/{address}/orders", params=waits)
        assert answer.status_code == 404
        assert address not in answer.text
    assert shop.get(f"/v1/customers/{EMAIL}").json()["customer_id"].startswith("key:")
