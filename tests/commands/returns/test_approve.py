"""Approving a return."""

from __future__ import annotations

from oms_commands.returns.approve import ApproveReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnApproved,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    REQUESTED,
    units,
)

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


def test_approving() -> None:
    decision = given(*REQUESTED).when(ApproveReturn, **R1, note="fine")
    decision.then(ReturnApproved("r1", "fine"), ReturnProgressed("o1", "r1", "approved", TWO))
    assert decision.answer["status"] == "approved"
