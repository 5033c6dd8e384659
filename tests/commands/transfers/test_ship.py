"""Sending the goods of a transfer on their way."""

from __future__ import annotations

from oms_commands.transfers.ship import ShipTransfer
from oms_ledger.domain.stock.events import (
    IncomingStockAdded,
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockMovedOut,
)
from oms_ledger.domain.transfers.events import (
    ShippedTransferLine,
    TransferCreated,
    TransferLine,
    TransferShipped,
)
from oms_ledger.testing import given
from tests.commands.shop import place, six
from tests.commands.transfers.past import IN_TRANSIT, LOTS, PLANNED


def test_units_leave_the_one_place_and_are_incoming_at_the_other() -> None:
    decision = given(*PLANNED).when(ShipTransfer, transfer_id="t1")
    decision.then(
        TransferShipped("t1", (ShippedTransferLine("A", 5),)),
        StockMovedOut("A", "LON", 5, "MAN", "t1"),
        IncomingStockAdded("A", "MAN", 5, "t1"),
    )
    assert decision.answer["status"] == "in_transit"


def test_a_part_and_then_the_rest() -> None:
    lines = [{"sku": "A", "quantity": 2}]
    part = given(*PLANNED).when(ShipTransfer, transfer_id="t1", lines=lines)
    rest = given(*PLANNED, *part.events).when(ShipTransfer, transfer_id="t1")
    assert StockMovedOut("A", "LON", 3, "MAN", "t1") in rest.events
    given(*PLANNED, *part.events, *rest.events).when(ShipTransfer, transfer_id="t1").then_refused(
        "illegal_transition"
    )


def test_only_free_units_leave() -> None:
    past = (
        place("MAN", 2),
        *six(),
        TransferCreated("t1", "LON", "MAN", (TransferLine("A", 5),)),
    )
    given(*past).when(ShipTransfer, transfer_id="t1").then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 5, "available": 4}
    )


def test_lots_leave_first_that_expire_first() -> None:
    decision = given(*PLANNED, *LOTS).when(ShipTransfer, transfer_id="t1")
    gone = (
        LotChange("L1", -3, "approved", "2027-01-01"),
        LotChange("L2", -2, "approved", "2028-01-01"),
    )
    assert StockLotsChanged("A", "LON", gone, "t1") in decision.events
    assert TransferShipped("t1", (ShippedTransferLine("A", 5, gone),)) in decision.events


def test_blocked_lots_stay() -> None:
    held = StockLotStatusChanged("A", "LON", "L2", 4, "approved", "on_hold", "2028-01-01")
    decision = given(*PLANNED, *LOTS, held).when(ShipTransfer, transfer_id="t1")
    gone = (LotChange("L1", -3, "approved", "2027-01-01"),)
    assert StockLotsChanged("A", "LON", gone, "t1") in decision.events  # and two of no lot


def test_what_is_not_on_the_transfer_is_named() -> None:
    lines = [{"sku": "C", "quantity": 1}]
    given(*PLANNED).when(ShipTransfer, transfer_id="t1", lines=lines).then_refused(
        "unknown_line", {"sku": "C"}
    )
    given(*IN_TRANSIT).when(ShipTransfer, transfer_id="t9").then_refused("not_found")
