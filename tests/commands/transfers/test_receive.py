"""Receiving the goods of a transfer."""

from __future__ import annotations

from collections.abc import Mapping

from oms_commands.transfers.receive import ReceiveTransfer
from oms_commands.transfers.ship import ShipTransfer
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import (
    IncomingStockRemoved,
    LotChange,
    StockAdjusted,
    StockLotsChanged,
    StockMovedIn,
    StockStateChanged,
)
from oms_ledger.domain.transfers.events import (
    ReceivedTransferLine,
    TransferClosed,
    TransferLine,
    TransferReceived,
)
from oms_ledger.kernel import Event, Json
from oms_ledger.testing import Decision, given
from tests.commands.transfers.past import IN_TRANSIT, LOTS, PLANNED


def receive(
    quantity: int, past: tuple[Event, ...] = IN_TRANSIT, close: bool = False, **more: object
) -> Decision:
    lines = [{"sku": "A", "quantity": quantity, **more}]
    return given(*past).when(ReceiveTransfer, transfer_id="t1", lines=lines, close=close)


def line_of(decision: Decision) -> Mapping[str, Json]:
    lines = decision.answer["lines"]
    assert isinstance(lines, list)
    (line,) = lines
    assert isinstance(line, Mapping)
    return line


def test_units_land_at_the_other_place() -> None:
    decision = receive(5)
    decision.then(
        TransferReceived("t1", (ReceivedTransferLine("A", 5),)),
        StockMovedIn("A", "MAN", 5, "LON", "t1"),
        IncomingStockRemoved("A", "MAN", 5, "t1"),
    )
    assert decision.answer["status"] == "received"


def test_fewer_stay_in_transit_until_they_arrive_or_are_lost() -> None:
    part = receive(3)
    assert part.answer["status"] == "partially_received"
    lost = receive(1, (*IN_TRANSIT, *part.events), close=True, reason="Carton missing")
    assert TransferClosed("t1", (TransferLine("A", 1),), "Carton missing") in lost.events
    removed = [e.quantity for e in lost.events if isinstance(e, IncomingStockRemoved)]
    assert removed == [1, 1]
    line = line_of(lost)
    assert (line["received"], line["lost"], line["in_transit"]) == (4, 1, 0)
    assert lost.answer["status"] == "closed"


def test_nothing_arrived_at_all() -> None:
    decision = receive(0, close=True)
    decision.then(
        TransferClosed("t1", (TransferLine("A", 5),)), IncomingStockRemoved("A", "MAN", 5, "t1")
    )


def test_damaged_units_are_on_hand_and_not_sold() -> None:
    decision = receive(5, damaged=2, reason="Crushed")
    damaged = StockStateChanged("A", "MAN", 2, "available", "damaged", "Damaged on arrival", "t1")
    assert damaged in decision.events
    line = line_of(decision)
    assert (line["damaged"], line["reason"]) == (2, "Crushed")
    receive(1, damaged=2).then_invalid("lines.0.damaged")


def test_more_than_was_shipped_is_an_adjustment() -> None:
    decision = receive(7)
    assert StockMovedIn("A", "MAN", 5, "LON", "t1") in decision.events
    assert StockAdjusted("A", "MAN", 2, "transfer_surplus", "t1") in decision.events
    again = receive(1, (*IN_TRANSIT, *decision.events))
    assert StockAdjusted("A", "MAN", 1, "transfer_surplus", "t1") in again.events
    line = line_of(again)
    assert (line["received"], line["surplus"], line["in_transit"]) == (8, 3, 0)


def test_lots_arrive_with_the_status_that_they_have_by_then() -> None:
    shipped = given(*PLANNED, *LOTS).when(ShipTransfer, transfer_id="t1")
    recalled = LotDefined("A", "L1", "recalled", "2027-01-01")
    past = (*PLANNED, *LOTS, *shipped.events, recalled)
    part = receive(4, past, damaged=4)
    came = (
        LotChange("L1", 3, "recalled", "2027-01-01"),
        LotChange("L2", 1, "approved", "2028-01-01"),
    )
    assert StockLotsChanged("A", "MAN", came, "t1") in part.events
    states = [e for e in part.events if isinstance(e, StockStateChanged)]
    assert [(e.lot, e.quantity, e.lot_status) for e in states] == [
        ("L1", 3, "recalled"),
        ("L2", 1, "approved"),
    ]
    rest = receive(1, (*past, *part.events))
    last = (LotChange("L2", 1, "approved", "2028-01-01"),)
    assert StockLotsChanged("A", "MAN", last, "t1") in rest.events


def test_what_cannot_be() -> None:
    receive(1, PLANNED).then_refused("illegal_transition")
    lines = [{"sku": "C", "quantity": 1}]
    given(*IN_TRANSIT).when(ReceiveTransfer, transfer_id="t1", lines=lines).then_refused(
        "unknown_line", {"sku": "C"}
    )
