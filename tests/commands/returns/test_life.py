"""Approving, declining, closing, cancelling and reopening returns; blind ones."""

from __future__ import annotations

import pytest

from oms_commands.returns.approve import ApproveReturn
from oms_commands.returns.cancel import CancelReturn
from oms_commands.returns.close import CloseReturn
from oms_commands.returns.decline import DeclineReturn
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.reopen import ReopenReturn
from oms_commands.returns.request_blind import RequestBlindReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReceivedLine,
    RequestedLine,
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnReceived,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.domain.stock.events import StockReturned
from oms_ledger.kernel import Command
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    APPROVED,
    PAID_AND_DELIVERED,
    REQUESTED,
    came,
    requested,
    returned,
    units,
)
from tests.commands.shop import SHELF

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


def test_approving() -> None:
    decision = given(*REQUESTED).when(ApproveReturn, **R1, note="fine")
    decision.then(ReturnApproved("r1", "fine"), ReturnProgressed("o1", "r1", "approved", TWO))
    assert decision.answer["status"] == "approved"


def test_declining_frees_its_units() -> None:
    decision = given(*REQUESTED).when(DeclineReturn, **R1, reason="Worn")
    decision.then(ReturnDeclined("r1", "Worn"), ReturnProgressed("o1", "r1", "declined"))


def test_cancelling_frees_its_units() -> None:
    for past, reason in ((REQUESTED, None), (APPROVED, "Keeps it")):
        decision = given(*past).when(CancelReturn, **R1, reason=reason)
        decision.then(ReturnCancelled("r1", reason), ReturnProgressed("o1", "r1", "cancelled"))


def test_closing_frees_what_never_came() -> None:
    past = (*PAID_AND_DELIVERED, *returned(requested(), ReturnApproved("r1"), came(1)))
    decision = given(*past).when(CloseReturn, **R1)
    decision.then(ReturnClosed("r1"), ReturnProgressed("o1", "r1", "closed"))


def test_reopening_what_was_closed_goes_on_where_it_was() -> None:
    life = (requested(), ReturnApproved("r1"), came(1), ReturnClosed("r1"))
    decision = given(*PAID_AND_DELIVERED, *returned(*life)).when(ReopenReturn, **R1)
    decision.then(
        ReturnReopened("r1"),
        ReturnProgressed("o1", "r1", "partially_received", units(("1", 1))),
    )


def test_reopening_what_was_declined_requests_it_again() -> None:
    declined = returned(requested(), ReturnDeclined("r1", "Worn"))
    decision = given(*PAID_AND_DELIVERED, *declined).when(ReopenReturn, **R1, reason="Sorry")
    decision.then(ReturnReopened("r1", "Sorry"), ReturnProgressed("o1", "r1", "requested", TWO))


def test_no_reopening_where_the_units_are_in_another_return() -> None:
    other = returned(requested(5, return_id="r2"))
    past = (*PAID_AND_DELIVERED, *returned(requested(), ReturnCancelled("r1")), *other)
    refusal = given(*past).when(ReopenReturn, **R1).then_refused("nothing_to_return")
    assert refusal.errors == ({"line": "1", "sku": "A", "requested": 2, "available": 1},)


def test_a_closed_claim_keeps_its_units() -> None:
    claim = returned(requested(kind="claim"), ReturnApproved("r1"))
    decision = given(*PAID_AND_DELIVERED, *claim).when(CloseReturn, **R1)
    decision.then(ReturnClosed("r1"), ReturnProgressed("o1", "r1", "closed", TWO))


LIVES: dict[str, tuple[ReturnEvent, ...]] = {
    "requested": (requested(),),
    "approved": (requested(), ReturnApproved("r1")),
    "partially_received": (requested(), ReturnApproved("r1"), came(1)),
    "received": (requested(), ReturnApproved("r1"), came(2)),
    "declined": (requested(), ReturnDeclined("r1", "Worn")),
    "cancelled": (requested(), ReturnCancelled("r1")),
    "closed": (requested(), ReturnApproved("r1"), came(2), ReturnClosed("r1")),
}
RECEIPT = [{"line_id": "1", "quantity": 1, "condition": "resellable", "location": "LON"}]
ALLOWED: dict[type[Command], tuple[dict[str, object], set[str]]] = {
    ApproveReturn: ({}, {"requested"}),
    DeclineReturn: ({"reason": "Worn"}, {"requested"}),
    CancelReturn: ({}, {"requested", "approved"}),
    ReceiveReturn: ({"lines": RECEIPT}, {"approved", "partially_received", "received"}),
    CloseReturn: ({}, {"partially_received", "received"}),
    ReopenReturn: ({}, {"declined", "cancelled", "closed"}),
    RefundReturn: ({}, {"partially_received", "received"}),
}


@pytest.mark.parametrize("status", LIVES)
@pytest.mark.parametrize("command", ALLOWED)
def test_every_transition_is_allowed_or_refused_with_a_remedy(
    command: type[Command], status: str
) -> None:
    body, allowed = ALLOWED[command]
    past = given(*PAID_AND_DELIVERED, *returned(*LIVES[status]))
    decision = past.when(command, **R1, **body)
    if status in allowed:
        assert decision.events
    elif command is RefundReturn and status == "approved":
        decision.then_refused("nothing_to_refund")
    else:
        refusal = decision.then_refused("illegal_transition")
        assert f"The return is {status}" in refusal.detail
        assert refusal.detail.count(". ") == 1


@pytest.mark.parametrize("command", ALLOWED)
def test_a_return_that_is_not_there(command: type[Command]) -> None:
    body, _ = ALLOWED[command]
    given(*PAID_AND_DELIVERED).when(command, **R1, **body).then_refused("not_found")


# Blind returns.

BLIND = {"lines": [{"sku": "A", "quantity": 2, "reason": "No order in the parcel"}]}


def test_a_blind_return() -> None:
    decision = given(*SHELF).when(RequestBlindReturn, **BLIND, customer_id="c1", approve=True)
    line = RequestedLine("1", "A", 2, "No order in the parcel")
    request = ReturnRequested(ID, "return", "none", (line,), customer_id="c1")
    decision.then(request, ReturnApproved(ID))
    assert (decision.answer["order_id"], decision.answer["status"]) == (None, "approved")
    past = (*SHELF, *decision.events)
    lines = [{"line_id": "1", "quantity": 2, "condition": "resellable", "location": "LON"}]
    receipt = given(*past).when(ReceiveReturn, return_id=ID, lines=lines)
    receipt.then(
        ReturnReceived(ID, (ReceivedLine("1", "A", 2, "resellable", "LON", "restock"),)),
        StockReturned("A", "LON", 2, ID, "c1"),
    )
    no_payment = given(*past).when(RefundReturn, return_id=ID)
    assert "of no order" in no_payment.then_refused("nothing_to_refund").detail


def test_a_blind_return_of_goods_never_heard_of() -> None:
    lines = [{"sku": "Z", "quantity": 1}]
    refusal = given(*SHELF).when(RequestBlindReturn, lines=lines).then_refused("unknown_sku")
    assert refusal.errors == ({"line": "1", "sku": "Z"},)
