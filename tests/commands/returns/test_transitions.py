"""Which transitions of a return are allowed, and what the others answer."""

from __future__ import annotations

import pytest

from oms_commands.returns.approve import ApproveReturn
from oms_commands.returns.cancel import CancelReturn
from oms_commands.returns.close import CloseReturn
from oms_commands.returns.decline import DeclineReturn
from oms_commands.returns.receive import ReceiveReturn
from oms_commands.returns.refund import RefundReturn
from oms_commands.returns.reopen import ReopenReturn
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
)
from oms_ledger.kernel import Command
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
    if command is CloseReturn and status == "closed":
        decision.then()
    elif status in allowed:
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
