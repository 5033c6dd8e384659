"""Corrections of what is personal in orders of a customer."""

from __future__ import annotations

from oms_commands.customers.correct import CorrectCustomer
from oms_ledger.domain.orders.events import OrderCancelled, OrderEdited, OrderPlaced
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given, replace
from tests.commands.shop import six

ADA = Customer("c1", Personal("Ada"), Personal("ada@example.org"), None)


def placed(order_id: str, customer: Customer = ADA) -> Event:
    (event,) = [each for each in six() if isinstance(each, OrderPlaced)]
    address = Address(Personal("Ada"), Personal("1 High Street"), country="GB")
    terms = replace(event.terms, customer=customer, shipping_address=address)
    return replace(event, order_id=order_id, number=order_id, terms=terms)


def correct(*order_ids: str, **fields: object) -> dict[str, object]:
    return {"customer_id": "c1", "order_ids": order_ids, **fields}


def test_all_orders_that_are_named_are_corrected_and_nothing_else_of_them() -> None:
    decision = given(placed("o1"), placed("o2")).when(
        CorrectCustomer, **correct("o1", "o2", customer={"name": "Ada King"}, note="by letter")
    )
    events = [each for each in decision.events if isinstance(each, OrderEdited)]
    assert [each.order_id for each in events] == ["o1", "o2"]
    for each in events:
        assert each.customer == replace(ADA, name=Personal("Ada King"))
        assert (each.difference, each.total_before) == (0, each.total_after)
        assert (each.shipping_address, each.added, each.changed) == (None, (), ())
        assert (each.edit_id, each.note) == (CONTEXT.command_id, "by letter")
    assert decision.answer == {"customer_id": "c1", "corrected": ["o1", "o2"]}


def test_an_order_that_was_cancelled_is_corrected_too() -> None:
    cancelled = OrderCancelled("o1", "customer", None, (LineQuantity("1", 6),))
    address = {"name": "Ada King", "line1": "2 High Street", "country": "GB"}
    decision = given(placed("o1"), cancelled).when(
        CorrectCustomer, **correct("o1", shipping_address=address)
    )
    (event,) = decision.events
    assert isinstance(event, OrderEdited)
    assert (event.customer, event.difference) == (None, 0)
    assert event.shipping_address == Address(
        Personal("Ada King"), Personal("2 High Street"), country="GB"
    )


def test_where_all_is_right_already_nothing_is_written() -> None:
    decision = given(placed("o1"), placed("o2")).when(
        CorrectCustomer, **correct("o1", "o2", customer={"name": "Ada", "email": "ada@example.org"})
    )
    decision.then()
    assert decision.answer == {"customer_id": "c1", "corrected": []}


def test_an_order_of_another_customer_is_named_and_nothing_is_written() -> None:
    other = replace(ADA, id="c2")
    decision = given(placed("o1"), placed("o2", other)).when(
        CorrectCustomer, **correct("o1", "o2", customer={"name": "Ada King"})
    )
    assert decision.then_refused("another_person").errors == ({"order_id": "o2"},)
    given(placed("o1")).when(
        CorrectCustomer, **correct("o1", "none", customer={"name": "Ada King"})
    ).then_refused("not_found")


def test_something_is_corrected_once() -> None:
    given().when(CorrectCustomer, **correct("o1")).then_invalid("customer")
    given().when(CorrectCustomer, **correct("o1", "o1", customer={"phone": "1"})).then_invalid(
        "order_ids"
    )
    given().when(CorrectCustomer, **correct(customer={"phone": "1"})).then_invalid("order_ids")


def test_an_id_in_another_unicode_form_is_the_customers() -> None:
    order = placed("o1", replace(ADA, id="Rene\u0301"))
    body = correct("o1", customer={"name": "Ada King"}) | {"customer_id": "Ren\u00e9"}
    (event,) = given(order).when(CorrectCustomer, **body).events
    assert isinstance(event, OrderEdited)
    assert event.customer == replace(ADA, id="Rene\u0301", name=Personal("Ada King"))
