"""Closing a transfer."""

from __future__ import annotations

from oms_commands.transfers.close import CloseTransfer
from oms_ledger.domain.stock.events import IncomingStockRemoved
from oms_ledger.domain.transfers.events import TransferClosed, TransferLine
from oms_ledger.testing import given
from tests.commands.transfers.past import IN_TRANSIT, PLANNED


def test_what_is_in_transit_is_lost() -> None:
    decision = given(*IN_TRANSIT).when(CloseTransfer, transfer_id="t1", reason="Robbed")
    decision.then(
        TransferClosed("t1", (TransferLine("A", 5),), "Robbed"),
        IncomingStockRemoved("A", "MAN", 5, "t1"),
    )
    given(*IN_TRANSIT, *decision.events).when(CloseTransfer, transfer_id="t1").then_refused(
        "illegal_transition"
    )


def test_a_draft_is_cancelled_instead() -> None:
    given(*PLANNED).when(CloseTransfer, transfer_id="t1").then_refused("illegal_transition")
