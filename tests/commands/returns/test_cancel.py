"""Cancelling a return."""

from __future__ import annotations

from oms_commands.returns.cancel import CancelReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnCancelled,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    APPROVED,
    REQUESTED,
    units,
)

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


def test_cancelling_frees_its_units() -> None:
    for past, reason in ((REQUESTED, None), (APPROVED, "Keeps it")):
        decision = given(*past).when(CancelReturn, **R1, reason=reason)
        decision.then(ReturnCancelled("r1", reason), ReturnProgressed("o1", "r1", "cancelled"))
