"""Closing a return."""

from __future__ import annotations

from oms_commands.returns.close import CloseReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnClosed,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    PAID_AND_DELIVERED,
    came,
    requested,
    returned,
    units,
)

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


def test_closing_frees_what_never_came() -> None:
    past = (*PAID_AND_DELIVERED, *returned(requested(), ReturnApproved("r1"), came(1)))
    decision = given(*past).when(CloseReturn, **R1)
    decision.then(ReturnClosed("r1"), ReturnProgressed("o1", "r1", "closed"))


def test_a_closed_claim_keeps_its_units() -> None:
    claim = returned(requested(kind="claim"), ReturnApproved("r1"))
    decision = given(*PAID_AND_DELIVERED, *claim).when(CloseReturn, **R1)
    decision.then(ReturnClosed("r1"), ReturnProgressed("o1", "r1", "closed", TWO))
