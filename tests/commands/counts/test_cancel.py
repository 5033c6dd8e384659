"""Giving up a count."""

from __future__ import annotations

from oms_commands.counts.cancel import CancelCount
from oms_ledger.domain.counts.events import CountCancelled
from oms_ledger.testing import given
from tests.commands.counts.past import counted


def test_nothing_is_booked() -> None:
    decision = given(*counted(8)).when(CancelCount, count_id="n1", reason="Wrong aisle")
    decision.then(CountCancelled("n1", "Wrong aisle"))
    assert decision.answer["status"] == "cancelled"
    given(*counted(8), *decision.events).when(CancelCount, count_id="n1").then_refused(
        "illegal_transition"
    )
