"""Editing an order: what it costs afterwards, to the minor unit."""

from __future__ import annotations

import pytest

from oms_commands.orders.edit import EditOrder
from oms_ledger.domain.orders.events import (
    CreditGranted,
    OrderEdited,
)
from oms_ledger.domain.orders.lines import Allocation, LineEdit, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import ShippingCharge
from oms_ledger.testing import given, replace
from tests.commands.orders.edits import (
    after,
    answer,
    cancelled,
    edit,
    edited,
    more,
    price,
    quantity,
    taxed,
)
from tests.commands.payments.past import captured
from tests.commands.shop import (
    SHELF,
    goods,
    line,
    ordered,
    six,
    stock,
)


def test_tax_and_discount_follow_the_quantity() -> None:
    decision = given(*taxed()).when(EditOrder, **edit(quantity(4)))
    (change,) = after(decision, *taxed()).terms.lines
    assert (change.tax, change.discount) == (133, 9)
    assert answer(decision)["difference"] == "2.86"  # 255 + 33 - 2


def test_set_price_sets_tax_and_discount_at_the_new_quantity() -> None:
    new = edit(quantity(4), price(unit_price="2.00", tax="1.50"))
    decision = given(*taxed()).when(EditOrder, **new)
    (change,) = after(decision, *taxed()).terms.lines
    assert (change.unit_price, change.tax, change.discount) == (200, 150, 9)
    event = decision.events[0]
    assert isinstance(event, OrderEdited)
    assert event.changed == (LineEdit(change, 3, repriced=True),)
    assert event.total_after == event.total_before + event.difference == 4 * 200 + 150 - 9 + 495


@pytest.mark.parametrize("steps", [(4, 3), (1, 3), (0, 3), (7, 2, 9, 3)])
def test_a_quantity_that_comes_back_has_the_amounts_it_had(steps: tuple[int, ...]) -> None:
    past = (*taxed(), goods("B"), stock(5, "B"))
    kept = given(*past).when(EditOrder, **edit(more("B", 1)))
    past = (*past, *kept.events)
    for units in steps:
        past = (*past, *given(*past).when(EditOrder, **edit(quantity(units))).events)
    order = Order()
    for event in past:
        if event.category == "order":
            order.apply(event)
    assert order.terms.lines[0] == OrderLine("1", "A", 3, 255, 100, 7)
    assert order.lines["1"].basis is None


def test_what_was_cancelled_costs_after_an_edit_what_it_did_before() -> None:
    past = (*taxed(5, 88, 0), *cancelled(1))
    before = after(given(*past).when(EditOrder, **edit(more("A", 1))), *past).cancelled_total
    decision = given(*past).when(EditOrder, **edit(quantity(4)))
    assert after(decision, *past).cancelled_total == before == 255 + 18
    event = decision.events[0]
    assert isinstance(event, OrderEdited)
    assert event.difference == event.total_after - event.total_before


def test_a_new_price_of_a_line_with_cancelled_units_is_owed_for_the_others() -> None:
    past = (*six(), *cancelled(2))
    decision = given(*past).when(EditOrder, **edit(price(unit_price="3.55")))
    event = decision.events[0]
    assert isinstance(event, OrderEdited)
    assert (event.total_before, event.total_after, event.difference) == (2025, 2625, 400)
    assert answer(decision)["amount_due"] == "19.15"


def test_one_more_and_one_less_before_paying_refunds_nothing() -> None:
    paid = (*taxed(), *captured(minor=3 * 255 + 100 - 7 + 495))
    one_more = given(*paid).when(EditOrder, **edit(quantity(4)))
    assert (answer(one_more)["amount_due"], answer(one_more)["difference"]) == ("2.86", "2.86")
    past = (*paid, *one_more.events)
    one_less = given(*past).when(EditOrder, **edit(quantity(3)))
    money = answer(one_less)["money"]
    assert answer(one_less)["amount_due"] == money["due"] == money["credit"] == "0.00"
    assert answer(one_less)["difference"] == "-2.86"
    assert answer(one_less)["status"]["payment"] == "paid"


def test_a_line_added_and_taken_away_before_paying_refunds_nothing() -> None:
    past = (*six(), goods("B"), stock(5, "B"), *captured())
    for change, due in ((more("B", 3, tax="0.10"), "7.75"), (quantity(0, "2"), "0.00")):
        decision = given(*past).when(EditOrder, **edit(change))
        assert answer(decision)["amount_due"] == due
        past = (*past, *decision.events)
    money = answer(decision)["money"]
    assert (money["credit"], money["refunding"], money["refunded"]) == ("0.00", "0.00", "0.00")


def test_less_than_was_paid_is_a_credit() -> None:
    decision = given(*six(), *captured()).when(EditOrder, **edit(quantity(4)))
    assert answer(decision)["money"]["credit"] == "5.10"
    assert answer(decision)["status"]["payment"] == "credit_owed"


def test_another_shipping_charge_is_owed() -> None:
    express = {"type": "set_shipping", "shipping": {"service": "express", "price": "9.95"}}
    decision = given(*six()).when(EditOrder, **edit(express))
    decision.then(edited(2025, 2525, shipping=ShippingCharge("express", 995)))


def test_shipping_never_costs_less_than_was_refunded_of_it() -> None:
    past = (*six(), *captured(), CreditGranted("o1", "late", "GBP", shipping=495))
    for charge, refused in (("4.94", True), ("4.95", False)):
        new = {"type": "set_shipping", "shipping": {"service": "slow", "price": charge}}
        decision = given(*past).when(EditOrder, **edit(new))
        if refused:
            decision.then_refused("over_refund", {"requested": "4.94", "refunded": "4.95"})
        else:
            assert answer(decision)["money"]["credit"] == "4.95"


def test_amounts_must_be_possible() -> None:
    shop = given(*six())
    for change in (
        price(discount="15.31"),
        more("A", 1, discount="2.56"),
        more("A", 1, tax="1.999"),
        more("A", 900_000_000, unit_price="999999999999.00"),
    ):
        shop.when(EditOrder, **edit(change)).then_refused("invalid_fields")
    both = edit(price(tax="1.00"), quantity(0), more("A", 1))
    shop.when(EditOrder, **both).then_refused("invalid_fields")


def test_a_tax_that_is_included_stays_within_its_price() -> None:
    included = replace(line(6), tax=255, tax_included=True)
    past = (*SHELF, *ordered(included, got=(Allocation("1", "A", "LON", 6),)))
    given(*past).when(EditOrder, **edit(price(tax="15.31"))).then_refused("invalid_fields")
    decision = given(*past).when(EditOrder, **edit(quantity(4), more("A", 1, tax="0.42")))
    (first, second) = after(decision, *past).terms.lines
    assert (first.tax, second.tax, second.tax_included) == (170, 42, True)
    assert answer(decision)["total"] == "17.70"  # five at 2.55, and shipping
