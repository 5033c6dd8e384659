"""Editing an order: customer, addresses and promise, and what a request must say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from oms_commands.orders.edit import EditOrder
from oms_ledger.domain.orders.events import (
    OrderPlaced,
)
from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.domain.personal import SEALED, Personal, change_personal
from oms_ledger.kernel import Json
from oms_ledger.testing import given, replace
from tests.commands.orders.edits import (
    after,
    answer,
    edit,
    edited,
    more,
    price,
    quantity,
)
from tests.commands.shop import (
    AT,
    DELIVER_BY,
    SHIP_BY,
    six,
)

HOME = {"name": "Ada L.", "line1": "2 St", "city": "York", "country": "DE"}
ADA = {"id": "c1", "name": "Ada Lovelace"}
BOB = {"id": "c2", "name": "Bob"}
NEW_HOME = Address(Personal("Ada L."), Personal("2 St"), city="York", country="DE")


def to(address: Mapping[str, Json], which: str = "shipping") -> dict[str, Json]:
    return {"type": f"set_{which}_address", "address": address}


def of(customer: Mapping[str, Json]) -> dict[str, Json]:
    return {"type": "set_customer", "customer": customer}


def test_addresses_customer_and_promise_change_without_money() -> None:
    later = {"promised_ship_at": AT + timedelta(days=9)}
    changes = (of(ADA), to(HOME), to(HOME, "billing"), {"type": "set_promise", **later})
    wanted = edit(*changes, note="moved", notify_customer=True)
    decision = given(*six()).when(EditOrder, **wanted)
    decision.then(
        edited(
            2025,
            2025,
            customer=Customer("c1", Personal("Ada Lovelace")),
            shipping_address=NEW_HOME,
            billing_address=NEW_HOME,
            ship_by=AT + timedelta(days=9),
            note="moved",
            notify_customer=True,
        )
    )
    order = after(decision, *six())
    assert (order.terms.shipping_address, order.terms.billing_address) == (NEW_HOME, NEW_HOME)
    assert (order.ship_by, order.deliver_by) == (AT + timedelta(days=9), DELIVER_BY)
    assert order.placed is not None
    assert order.placed.ship_by == SHIP_BY


def test_what_is_so_already_is_no_edit() -> None:
    same = edit(quantity(6), price(unit_price="2.55"), of({"id": "c1", "name": "Ada"}))
    decision = given(*six()).when(EditOrder, **same)
    decision.then()
    assert answer(decision)["difference"] == "0.00"
    before = given(*six()).when(EditOrder, **edit(quantity(7)))
    again = given(*six(), *before.events).when(EditOrder, **edit(quantity(7)))
    assert (again.events, answer(again)["total"]) == ((), "22.80")


def test_another_customer_needs_the_addresses_anew() -> None:
    shop = given(*six())
    shop.when(EditOrder, **edit(of(BOB))).then_refused(
        "another_person", {"part": "shipping_address"}
    )
    assert shop.when(EditOrder, **edit(of(BOB), to(HOME))).events
    assert shop.when(EditOrder, **edit(of(ADA))).events


def sealed(key: str, text: str = "x") -> Personal:
    return Personal(f"{SEALED}{key}:{text}")


@pytest.mark.parametrize(("key", "refused"), [("k1", False), ("k2", True)])
def test_the_personal_values_of_an_order_are_sealed_with_one_key(key: str, refused: bool) -> None:
    past = [_of_key(event, "k1") if isinstance(event, OrderPlaced) else event for event in six()]
    plain = EditOrder(**edit(to({"name": "N.", "city": "York"})))
    decision = given(*past).when(change_personal(plain, lambda value, field: sealed(key)))
    if refused:
        decision.then_refused("another_person", {"part": "customer"})
    else:
        assert decision.events


def _of_key(event: OrderPlaced, key: str) -> OrderPlaced:
    customer = Customer("c1", sealed(key))
    return replace(event, terms=replace(event.terms, customer=customer, shipping_address=None))


# The request.


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ([quantity(1), quantity(2)], "changes.1", "set_quantity of line 1 is there already"),
        ([more(), to(HOME), to(HOME)], "changes.2", "set_shipping_address is there already"),
        ([price()], "changes.0", "write unit_price, tax or discount"),
        ([{"type": "set_promise"}], "changes.0", "write promised_ship_at or promised_delivery_at"),
    ],
)
def test_a_change_is_written_once_and_has_content(
    changes: list[Any], field: str, message: str
) -> None:
    assert message in given(*six()).when(EditOrder, **edit(*changes)).then_invalid(field)


def test_an_edit_has_changes() -> None:
    given(*six()).when(EditOrder, **edit()).then_invalid("changes")
