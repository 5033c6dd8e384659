"""Releasing a legal hold on a customer."""

from __future__ import annotations

from oms_commands.customers.release_hold import ReleaseCustomerHold
from oms_ledger.domain.customers.events import CustomerHeld, CustomerHoldReleased
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import given

HELD = CustomerHeld("c1", "h1", "litigation"), CustomerHeld("c1", "h2", "audit")
COMMAND = ReleaseCustomerHold("c1", "h1", "case closed")


def test_one_hold_is_released_and_the_others_stay() -> None:
    decision = given(*HELD).when(COMMAND)
    decision.then(CustomerHoldReleased("c1", "h1", "case closed"))
    left = [{"hold_id": "h2", "reason": "audit", "reference": None}]
    assert decision.answer == {"customer_id": "c1", "holds": left}


def test_a_guest_by_address() -> None:
    held = CustomerHeld("key:k1", "h1", "audit")
    command = ReleaseCustomerHold("ada@example.com", "h1", "done").with_subject(
        ResolvedSubject("key:k1", ("k1",))
    )
    given(held).when(command).then(CustomerHoldReleased("key:k1", "h1", "done"))


def test_a_hold_that_is_not_there() -> None:
    refused = given(HELD[1]).when(COMMAND).then_refused("not_found")
    assert "GET /v1/customers/c1" in refused.detail


def test_a_release_needs_a_reason() -> None:
    fields = {"customer_id": "c1", "hold_id": "h1", "reason": ""}
    given().when(ReleaseCustomerHold, **fields).then_invalid("reason")
