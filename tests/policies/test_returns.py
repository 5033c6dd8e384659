"""What follows from receipts, approvals and refunds of returns."""

from __future__ import annotations

from oms_commands.returns.close import CloseReturn
from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnClosed,
    ReturnEvent,
    ReturnRefunded,
    ReturnRequested,
)
from oms_ledger.kernel import Event
from oms_ledger.policies import (
    when_claim_approved_refund_it,
    when_return_received_refund_it,
    when_return_settled_close_it,
)
from oms_ledger.testing import Past, given, replace
from tests.commands.returns.past import PAID_AND_DELIVERED, came, requested, returned

APPROVED = ReturnApproved("r1")
REFUND, CLOSE = RefundReturn(return_id="r1"), CloseReturn(return_id="r1")
BY_HAND = replace(requested(), refund_automatically=False)


def past(*life: ReturnEvent) -> Past:
    """After a return, whose last event is the last of all."""
    events: list[Event] = [*PAID_AND_DELIVERED, *returned(*life)]
    while not isinstance(events[-1], type(life[-1])):
        events.pop()
    return given(*events)


def refunded(units: int) -> ReturnRefunded:
    return ReturnRefunded("r1", "f1", "GBP", (LineQuantity("1", units),), 255 * units)


def test_goods_that_came_back_are_refunded() -> None:
    policy = when_return_received_refund_it.POLICY
    assert past(requested(), APPROVED, came(1)).reaction_of(policy) == [REFUND]
    assert past(BY_HAND, APPROVED, came(1)).reaction_of(policy) == []
    none = requested(resolution="none")
    assert past(none, APPROVED, came(1)).reaction_of(policy) == []


def test_a_claim_is_refunded_when_it_is_approved() -> None:
    policy = when_claim_approved_refund_it.POLICY
    assert past(requested(kind="claim"), APPROVED).reaction_of(policy) == [REFUND]
    assert past(requested(), APPROVED).reaction_of(policy) == []
    by_hand: ReturnRequested = replace(requested(kind="claim"), refund_automatically=False)
    assert past(by_hand, APPROVED).reaction_of(policy) == []


def test_what_is_settled_is_closed() -> None:
    policy = when_return_settled_close_it.POLICY
    assert past(requested(), APPROVED, came(2), refunded(2)).reaction_of(policy) == [CLOSE]
    assert past(BY_HAND, APPROVED, came(2), refunded(2)).reaction_of(policy) == []


def test_what_is_still_expected_or_owed_stays_open() -> None:
    policy = when_return_settled_close_it.POLICY
    assert past(requested(), APPROVED, came(1), refunded(1)).reaction_of(policy) == []
    assert past(requested(), APPROVED, came(2), refunded(1)).reaction_of(policy) == []


def test_closing_what_is_closed_changes_nothing() -> None:
    life = (requested(), APPROVED, came(2), ReturnClosed("r1"))
    past(*life).when(CloseReturn, return_id="r1").then()
