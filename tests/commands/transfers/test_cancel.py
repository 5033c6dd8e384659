"""Cancelling a transfer."""

from __future__ import annotations

from oms_commands.transfers.cancel import CancelTransfer
from oms_ledger.domain.transfers.events import TransferCancelled
from oms_ledger.testing import given
from tests.commands.transfers.past import IN_TRANSIT, PLANNED


def test_a_draft_is_cancelled() -> None:
    decision = given(*PLANNED).when(CancelTransfer, transfer_id="t1", reason="Not needed")
    decision.then(TransferCancelled("t1", "Not needed"))
    assert decision.answer["status"] == "cancelled"


def test_what_is_in_transit_is_received_or_closed() -> None:
    given(*IN_TRANSIT).when(CancelTransfer, transfer_id="t1").then_refused("illegal_transition")
    given(*PLANNED).when(CancelTransfer, transfer_id="t9").then_refused("not_found")
