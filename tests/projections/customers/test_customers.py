"""The list of customers: their orders, what they paid, and their tags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from oms_commands import COMMANDS
from oms_ledger.testing import MemoryLedger
from tests.projections.conftest import Fill, RunQuery


class Shop:
    def __init__(self, ledger: MemoryLedger, fill: Fill) -> None:
        self.ledger, self._fill = ledger, fill
        self.do("PutLocation", code="LON", name="London")
        self.do("ReceiveStock", sku="A", location="LON", quantity=99)

    def do(self, command: str, **fields: object) -> Any:
        return self.ledger.execute(COMMANDS[command](**fields)).answer

    def order(self, customer: str | None, currency: str = "GBP", **more: str) -> str:
        line = {"sku": "A", "quantity": 2, "unit_price": "10.00"}
        person = {"customer": {"id": customer, **more}} if customer or more else {}
        fields = {"channel": "web", "currency": currency, "lines": [line], **person}
        return str(self.do("PlaceOrder", confirm=True, **fields)["order_id"])

    def pay(self, order_id: str, amount: str) -> str:
        paid = self.do("RequestPayment", order_id=order_id, provider="manual", amount=amount,
                       capture="automatic")  # fmt: skip
        return str(paid["payment_id"])

    def query(self) -> RunQuery:
        return self._fill(list(self.ledger.history()))


@pytest.fixture
def shop(fill: Fill) -> Iterator[Shop]:
    with MemoryLedger() as ledger:
        yield Shop(ledger, fill)


def listed(query: RunQuery, **params: str) -> dict[str, Mapping[str, Any]]:
    return {each["customer_id"]: each for each in query("list_customers", **params)["items"]}


def test_a_queued_order_counts_once_it_is_placed_and_not_if_it_is_cancelled_before(
    shop: Shop,
) -> None:
    fields = {"channel": "web", "currency": "GBP", "intake": "queued"}
    lines = [{"sku": "A", "quantity": 2, "unit_price": "10.00"}]
    bobs, adas = (
        shop.do("PlaceOrder", lines=lines, customer={"id": name}, **fields)["order_id"]
        for name in ("bob", "ada")
    )
    shop.do("CancelOrder", order_id=bobs, reason="customer")
    shop.do("PlaceReceivedOrder", order_id=adas)
    customers = listed(shop.query())
    assert {name: each["orders"] for name, each in customers.items()} == {"ada": 1}


def test_orders_money_and_returns_of_each_customer(shop: Shop) -> None:
    first, euros = shop.order("ada"), shop.order("ada", "EUR")
    cancelled, other = shop.order("ada"), shop.order("bob")
    payment = shop.pay(first, "20.00")
    shop.pay(euros, "5.00")
    shop.do("RefundPayment", order_id=first, payment_id=payment, amount="3.00", reason="late")
    shop.do("CancelOrder", order_id=cancelled, reason="customer")
    made = shop.do("CreateShipment", order_id=first, location="LON")
    shop.do("DispatchShipment", shipment_id=made["shipment_id"])
    line = {"line_id": "1", "quantity": 1}
    kept = shop.do("RequestReturn", order_id=first, lines=[line])
    void = shop.do("RequestReturn", order_id=first, lines=[line])
    shop.do("DeclineReturn", return_id=void["return_id"], reason="worn")
    change = {"type": "set_quantity", "line_id": "1", "quantity": 3}
    shop.do("EditOrder", order_id=other, changes=[change])
    customers = listed(shop.query())
    assert list(customers) == ["ada", "bob"]
    ada, bob = customers.values()
    assert (ada["orders"], ada["cancelled_orders"], ada["returns"]) == (3, 1, 1)
    assert kept["return_id"] != void["return_id"]
    assert ada["money"] == [
        {"currency": "EUR", "ordered": "20.00", "paid": "5.00", "refunded": "0.00"},
        {"currency": "GBP", "ordered": "40.00", "paid": "17.00", "refunded": "3.00"},
    ]
    assert (bob["orders"], bob["money"][0]["ordered"]) == (1, "30.00")
    assert ada["first_order_at"] <= ada["last_order_at"]


def test_an_order_counts_for_the_customer_of_its_newest_edit(shop: Shop) -> None:
    order_id = shop.order("ada")
    change = {"type": "set_customer", "customer": {"id": "bob"}}
    shop.do("EditOrder", order_id=order_id, changes=[change])
    customers = listed(shop.query())
    assert {name: each["orders"] for name, each in customers.items()} == {"ada": 0, "bob": 1}
    assert (customers["ada"]["money"], customers["ada"]["last_order_at"]) == ([], None)


def test_guests_and_addresses_are_not_listed(shop: Shop) -> None:
    shop.order(None, name="Ada")
    shop.order("ada@example.org")
    shop.order("ada")
    assert list(listed(shop.query())) == ["ada"]


def test_the_list_is_filtered_by_tags_and_paged(shop: Shop) -> None:
    for name in ("ada", "bob", "cleo"):
        shop.order(name)
    shop.do("TagCustomer", customer_id="cleo", add=["vip", "new"])
    shop.do("TagCustomer", customer_id="cleo", remove=["new"])
    shop.do("TagCustomer", customer_id="bob", add=["new"])
    query = shop.query()
    assert list(listed(query, tag="vip")) == ["cleo"]
    assert list(listed(query, tag="vip,new")) == ["bob", "cleo"]
    assert listed(query, tag="other") == {}
    page = query("list_customers", limit="2")
    rest = query("list_customers", limit="2", cursor=page["next_cursor"])
    names = [each["customer_id"] for each in (*page["items"], *rest["items"])]
    assert (names, rest["next_cursor"]) == (["ada", "bob", "cleo"], None)
    assert query("get_customer", customer_id="cleo")["tags"] == ["vip"]


def test_a_forgotten_customer_stays_with_numbers_alone(shop: Shop) -> None:
    shop.order("ada")
    shop.do("ForgetCustomer", customer_id="ada", reason="asked for")
    ada = listed(shop.query())["ada"]
    assert (ada["forgotten"], ada["orders"]) == (1, 1)
