"""Store credit and keys that are bound to channels: they pay from the customer's own account."""

from __future__ import annotations

from tests.access.test_channels import bound
from tests.http.conftest import Api, api, oms, shop
from tests.http.examples import order

__all__ = ["api", "bound", "oms", "shop"]

ISSUE = {"amount": "9.00", "currency": "GBP", "reason": "goodwill"}


def test_a_bound_key_pays_from_the_account_of_the_orders_customer_alone(
    shop: Api, bound: Api
) -> None:
    for account in ("ann", "bob"):
        assert shop.post(f"/v1/store-credit/{account}/issue", ISSUE).status_code == 200
    placed = bound.post("/v1/orders", order(1, channel="web", customer={"id": "ann"})).json()
    path = f"/v1/orders/{placed['order_id']}/payments"
    pay = {"provider": "store_credit", "amount": "1.00"}
    for account in ("bob", "nobody"):
        refused = bound.post(path, {**pay, "account": account})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert "9.00" not in refused.text
    assert shop.get("/v1/store-credit/bob").json()["spent"] == "0.00"
    assert bound.post(path, {**pay, "account": "ann"}).status_code == 201
    assert bound.post(path, pay).status_code == 201
    assert shop.post(path, {**pay, "amount": "0.50", "account": "bob"}).status_code == 201
