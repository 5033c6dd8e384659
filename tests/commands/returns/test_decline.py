"""Declining a return."""

from __future__ import annotations

from oms_commands.returns.decline import DeclineReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnDeclined,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.returns.past import (
    REQUESTED,
    units,
)

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
TWO = units(("1", 2))


def test_declining_frees_its_units() -> None:
    decision = given(*REQUESTED).when(DeclineReturn, **R1, reason="Worn")
    decision.then(ReturnDeclined("r1", "Worn"), ReturnProgressed("o1", "r1", "declined"))
