"""Forgetting who placed an order without saying who they are."""

from __future__ import annotations

import pytest

from oms_commands.customers.forget_order import ForgetOrder
from oms_ledger.domain.customers.events import CustomerForgotten, CustomerHeld
from oms_ledger.domain.orders.events import OrderEdited, OrderPlaced
from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.domain.personal import SEALED, Personal, ResolvedSubject
from oms_ledger.kernel import Event
from oms_ledger.testing import given, replace
from tests.commands.shop import six

COMMAND = ForgetOrder("o1", "asked for").with_subject(
    ResolvedSubject("order:o1", ("k1",), ("k1",), ("order:o1",))
)


def placed_by(customer: Customer | None) -> list[Event]:
    """An order of six units with the address of a recipient."""
    return [_of(event, customer) if isinstance(event, OrderPlaced) else event for event in six()]


def _of(event: OrderPlaced, customer: Customer | None) -> OrderPlaced:
    address = Address(line1=Personal(f"{SEALED}k1:x"))
    return replace(event, terms=replace(event.terms, customer=customer, shipping_address=address))


@pytest.mark.parametrize("customer", [None, Customer(name=Personal(f"{SEALED}k1:y"))])
def test_the_receipt_names_the_order_and_its_key(customer: Customer | None) -> None:
    decision = given(*placed_by(customer)).when(COMMAND)
    decision.then(CustomerForgotten("order:o1", "asked for", None, ("k1",)))
    assert decision.answer == {"customer_id": "order:o1", "reason": "asked for", "forgotten": 1}


@pytest.mark.parametrize(
    ("customer", "person"),
    [
        (Customer(id="c1"), "c1"),
        (Customer(email=Personal(f"{SEALED}k7:y")), "key:k7"),
    ],
)
def test_a_person_with_an_id_or_address_is_forgotten_by_that(
    customer: Customer, person: str
) -> None:
    command = ForgetOrder("o1", "asked for").with_subject(ResolvedSubject("order:o1"))
    past = placed_by(customer)
    if person.startswith("key:"):
        command = command.with_subject(ResolvedSubject("order:o1", ("k1",), ("k1",), ("order:o1",)))
    refused = given(*past).when(command).then_refused("belongs_to_a_customer")
    assert f"/v1/customers/{person}/forget" in refused.detail
    assert refused.errors == ({"customer_id": person},)


def test_what_was_sealed_before_the_order_got_a_customer_is_forgotten() -> None:
    """The order's own key seals nothing that the customer has now."""
    new_address = Address(line1=Personal(f"{SEALED}k7:y"))
    edited = OrderEdited(
        "o1", "e1", "GBP", 2025, 2025, 0, customer=Customer("c1"), shipping_address=new_address
    )  # fmt: skip
    past = (*placed_by(None), edited)
    given(*past).when(COMMAND).then(CustomerForgotten("order:o1", "asked for", None, ("k1",)))
    without_key = ForgetOrder("o1", "asked for").with_subject(ResolvedSubject("order:o1"))
    given(*past).when(without_key).then_refused("belongs_to_a_customer")


def test_a_legal_hold_is_in_the_way() -> None:
    held = CustomerHeld("order:o1", "h1", "audit")
    given(*placed_by(None), held).when(COMMAND).then_refused("on_legal_hold")


def test_an_order_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_a_reason_is_needed() -> None:
    given().when(ForgetOrder, order_id="o1", reason="").then_invalid("reason")
