"""The blocked list, and the orders that it holds."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.orders.edit import EditOrder
from oms_commands.risk.block import BlockBuyer
from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.domain.orders.rule_inputs import RuleInput
from oms_ledger.domain.risk.events import BuyerBlocked, BuyerUnblocked
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.risk.test_put_rule import order
from tests.commands.shop import SHELF, six

BLIND = "0123abcd"
BY_EMAIL = BlockBuyer(buyer="eve@example.org", reason="charge-backs").with_blinds([BLIND])
CUSTOMER = BuyerBlocked("customer:c9", "charge-backs")
EMAIL = BuyerBlocked(f"email:{BLIND}", "charge-backs")


def test_a_customer_is_put_on_the_list_once() -> None:
    decision = given().when(BlockBuyer, buyer="c9", reason="charge-backs")
    decision.then(CUSTOMER)
    assert decision.answer == {"buyer": "customer:c9", "blocked": True, "reason": "charge-backs"}
    given(CUSTOMER).when(BlockBuyer, buyer="c9", reason="charge-backs").then()


def test_of_an_email_address_the_blind_is_kept_alone() -> None:
    decision = given().when(BY_EMAIL)
    decision.then(EMAIL)
    assert "eve@" not in repr((BY_EMAIL, decision))


def test_an_address_that_was_not_blinded_is_refused() -> None:
    with pytest.raises(Exception, match="takes no e-mail addresses"):
        given().when(BlockBuyer, buyer="eve@example.org", reason="x")


def holds(*past: Event, blinds: tuple[str, ...] = (), **customer: str) -> list[OrderHeld]:
    command = order(1, customer=customer).with_blinds(blinds)
    events = given(*SHELF, *past).when(command).events
    return [event for event in events if isinstance(event, OrderHeld)]


def test_an_order_of_a_blocked_customer_is_held_as_it_is_placed() -> None:
    (hold,) = holds(CUSTOMER, id="c9")
    assert (hold.rule, hold.reason) == ("blocked", "charge-backs")
    assert hold.inputs == (RuleInput("buyer", "customer:c9"),)
    assert holds(CUSTOMER, id="c8") == []


def test_a_customer_id_in_another_unicode_form_is_compared() -> None:
    """Ids that were stored before all ids were composed keep their form."""
    blocked = BuyerBlocked("customer:Ren\u00e9", "charge-backs")
    command = order(1, customer={"id": "Ren\u00e9"}).with_person_id("Rene\u0301")
    events = given(*SHELF, blocked).when(command).events
    (hold,) = [event for event in events if isinstance(event, OrderHeld)]
    assert hold.inputs == (RuleInput("buyer", "customer:Ren\u00e9"),)


def test_an_order_with_a_blocked_email_address_is_held_under_any_customer_id() -> None:
    (hold,) = holds(EMAIL, id="c8", blinds=("other", BLIND))
    assert hold.inputs == (RuleInput("buyer", f"email:{BLIND}"),)
    assert len(holds(EMAIL, CUSTOMER, id="c9", blinds=(BLIND,))) == 1


def test_which_addresses_of_an_order_are_compared() -> None:
    both = order(1, customer={"id": "Eve@Example.org", "email": "eve@example.net"})
    assert both.emails_to_blind == ("eve@example.net", "Eve@Example.org")
    assert order(1, customer={"id": "c9"}).emails_to_blind == ()
    assert order(1).emails_to_blind == ()


def test_unblocked_buyers_do_not_count_against_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("oms_commands.risk.block._ENTRIES_MAX", 2)
    two = (CUSTOMER, BuyerBlocked("customer:c8", "fraud"))
    full = given(*two).when(BlockBuyer, buyer="c7", reason="fraud")
    full.then_refused("blocked_list_full")
    given(*two).when(BlockBuyer, buyer="c8", reason="fraud again").then(
        BuyerBlocked("customer:c8", "fraud again")
    )
    room = given(*two, BuyerUnblocked("customer:c8"))
    room.when(BlockBuyer, buyer="c7", reason="fraud").then(BuyerBlocked("customer:c7", "fraud"))
    again = given(*two, BuyerUnblocked("customer:c8"), BuyerBlocked("customer:c7", "fraud"))
    again.when(BlockBuyer, buyer="c8", reason="fraud").then_refused("blocked_list_full")


def edited(*past: Event, blinds: tuple[str, ...] = (), **customer: str) -> list[OrderHeld]:
    changes: Any = [
        {"type": "set_customer", "customer": customer},
        {"type": "set_shipping_address", "address": {"country": "GB"}},
    ]
    command = EditOrder(order_id="o1", changes=changes).with_blinds(blinds)
    events = given(*six(), *past).when(command).events
    return [event for event in events if isinstance(event, OrderHeld)]


def test_an_edit_that_names_a_blocked_customer_holds_the_order() -> None:
    (hold,) = edited(CUSTOMER, id="c9")
    assert (hold.rule, hold.reason) == ("blocked", "charge-backs")
    assert edited(CUSTOMER, hold, id="c9") == [], "once"
    assert edited(CUSTOMER, id="c8") == []
    (by_email,) = edited(EMAIL, id="c8", blinds=(BLIND,))
    assert by_email.inputs == (RuleInput("buyer", f"email:{BLIND}"),)


def test_an_edit_compares_the_addresses_of_its_customer() -> None:
    customer = {"id": "Eve@Example.org", "email": "eve@example.net"}
    changes: Any = [{"type": "set_customer", "customer": customer}]
    assert EditOrder("o1", changes).emails_to_blind == ("eve@example.net", "Eve@Example.org")
    other: Any = [{"type": "set_quantity", "line_id": "1", "quantity": 1}]
    assert EditOrder("o1", other).emails_to_blind == ()
