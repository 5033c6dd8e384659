"""Receiving goods of a delivery."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.inbound.receive import ReceiveInbound
from oms_ledger.domain.inbound.events import InboundClosed, InboundReceipt, InboundReceived
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import (
    IncomingStockRemoved,
    LotChange,
    StockLotsChanged,
    StockReceived,
    StockStateChanged,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given
from tests.commands.inbound.past import EXPECTED


def receive(
    *lines: dict[str, object], past: tuple[Event, ...] = EXPECTED, **more: object
) -> Decision:
    return given(*past).when(ReceiveInbound, inbound_id="i1", lines=lines, **more)


def counts(decision: Decision, sku: str = "A") -> tuple[object, ...]:
    lines = decision.answer["lines"]
    assert isinstance(lines, list)
    line = next(line for line in lines if line["sku"] == sku)
    return line["received"], line["awaited"], line["over"]


def test_a_part_is_on_hand_and_no_longer_incoming() -> None:
    decision = receive({"sku": "A", "quantity": 4})
    decision.then(
        InboundReceived("i1", (InboundReceipt("A", 4, 0, 4),)),
        StockReceived("A", "LON", 4, "i1", 120, "GBP"),
        IncomingStockRemoved("A", "LON", 4, "i1"),
    )
    assert counts(decision) == (4, 5, 0)
    assert decision.answer["status"] == "partially_received"


def test_all_of_it() -> None:
    decision = receive({"sku": "A", "quantity": 9}, {"sku": "B", "quantity": 1})
    assert decision.answer["status"] == "received"


def test_more_than_ordered_is_taken_as_it_comes() -> None:
    decision = receive({"sku": "A", "quantity": 12})
    assert counts(decision) == (12, 0, 3)
    assert StockReceived("A", "LON", 12, "i1", 120, "GBP") in decision.events
    assert IncomingStockRemoved("A", "LON", 9, "i1") in decision.events
    again = receive({"sku": "A", "quantity": 1}, past=(*EXPECTED, *decision.events))
    assert not any(isinstance(event, IncomingStockRemoved) for event in again.events)


def test_damaged_units_are_on_hand_and_not_sold() -> None:
    decision = receive({"sku": "A", "quantity": 4, "damaged": 1})
    damaged = StockStateChanged("A", "LON", 1, "available", "damaged", "Damaged on arrival", "i1")
    assert damaged in decision.events
    receive({"sku": "A", "quantity": 1, "damaged": 2}).then_invalid("lines.0.damaged")


def test_lots_are_defined_once_with_their_last_day() -> None:
    lines = [
        {"sku": "A", "quantity": 2, "damaged": 1, "lot": "L1", "expires_on": "2027-01-01"},
        {"sku": "A", "quantity": 1, "lot": "L1"},
        {"sku": "A", "quantity": 6, "lot": "L2"},
    ]
    decision = receive(*lines)
    events = decision.events
    assert [e for e in events if isinstance(e, LotDefined)] == [
        LotDefined("A", "L1", "approved", "2027-01-01"),
        LotDefined("A", "L2", "approved"),
    ]
    assert [e.lots for e in events if isinstance(e, StockLotsChanged)] == [
        (LotChange("L1", 2, "approved", "2027-01-01"),),
        (LotChange("L1", 1, "approved", "2027-01-01"),),
        (LotChange("L2", 6),),
    ]
    (damaged,) = [e for e in events if isinstance(e, StockStateChanged)]
    assert (damaged.lot, damaged.lot_status) == ("L1", "approved")
    assert counts(decision) == (9, 0, 0)
    other = {"sku": "A", "quantity": 1, "lot": "L1", "expires_on": "2027-01-02"}
    receive(other, past=(*EXPECTED, *events)).then_refused("lot_expiry_differs")
    receive({"sku": "A", "quantity": 1, "expires_on": "2027-01-02"}).then_invalid("lines.0.lot")


def test_a_lot_that_is_over_is_blocked_from_the_start() -> None:
    yesterday = (CONTEXT.now - timedelta(days=1)).date().isoformat()
    today = CONTEXT.now.date().isoformat()
    late = {"sku": "A", "quantity": 2, "lot": "L1", "expires_on": yesterday}
    assert LotDefined("A", "L1", "expired", yesterday) in receive(late).events
    last_day = {**late, "expires_on": today}
    assert LotDefined("A", "L1", "approved", today) in receive(last_day).events


def test_with_close_nothing_more_is_expected() -> None:
    decision = receive({"sku": "A", "quantity": 4}, close=True)
    events = decision.events
    assert InboundClosed("i1") in events
    removed = [(e.sku, e.quantity) for e in events if isinstance(e, IncomingStockRemoved)]
    assert removed == [("A", 4), ("A", 5), ("B", 1)]
    assert decision.answer["status"] == "closed"
    past = (*EXPECTED, *events)
    receive({"sku": "A", "quantity": 1}, past=past).then_refused("illegal_transition")


def test_what_is_not_on_the_delivery_is_named() -> None:
    receive({"sku": "C", "quantity": 1}).then_refused("unknown_line", {"sku": "C"})
    given().when(ReceiveInbound, inbound_id="i9", lines=[{"sku": "A", "quantity": 1}]).then_refused(
        "not_found"
    )
