"""Reopening a return."""

from __future__ import annotations

from oms_commands.returns.reopen import ReopenReturn
from oms_ledger.domain.orders.events import ReturnProgressed
from oms_ledger.domain.returns.events import (
    ReturnApproved,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnReopened,
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
