"""A legal hold on a customer."""

from __future__ import annotations

from oms_commands.customers.hold import HoldCustomer
from oms_ledger.domain.customers.events import CustomerForgotten, CustomerHeld
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import CONTEXT, given

COMMAND = HoldCustomer("c1", "litigation", "case 12")
SUBJECT = ResolvedSubject("c1", ("k1",), ("k1",), ("c1", "key:k1"))


def test_a_hold_has_a_reason_and_a_reference() -> None:
    decision = given().when(COMMAND.with_subject(SUBJECT))
    decision.then(CustomerHeld("c1", CONTEXT.command_id, "litigation", "case 12"))
    hold = {"hold_id": CONTEXT.command_id, "reason": "litigation", "reference": "case 12"}
    assert decision.answer == {"customer_id": "c1", "hold_id": CONTEXT.command_id, "holds": [hold]}


def test_several_holds_at_once_each_with_its_own_id() -> None:
    decision = given(CustomerHeld("c1", "h1", "audit")).when(COMMAND)
    assert [hold["hold_id"] for hold in decision.answer["holds"]] == ["h1", CONTEXT.command_id]  # type: ignore[union-attr,call-overload,index]  # a list of objects


def test_a_guest_is_held_by_address_which_is_not_written_down() -> None:
    command = HoldCustomer("ada@example.com", "audit").with_subject(
        ResolvedSubject("key:k1", ("k1",), ("k1",))
    )
    given().when(command).then(CustomerHeld("key:k1", CONTEXT.command_id, "audit"))


def test_a_hold_on_an_unknown_customer_is_refused() -> None:
    """Otherwise a misspelt id would appear to be on hold, while the data is not protected."""
    given().when(COMMAND.with_subject(ResolvedSubject("c1"))).then_refused("not_found")
    before = CustomerForgotten("c1", "asked for")
    given(before).when(COMMAND.with_subject(ResolvedSubject("c1"))).then(
        CustomerHeld("c1", CONTEXT.command_id, "litigation", "case 12")
    )


def test_a_hold_needs_a_reason() -> None:
    given().when(HoldCustomer, customer_id="c1", reason="").then_invalid("reason")
