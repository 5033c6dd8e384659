"""Approving, holding and recalling a lot."""

from __future__ import annotations

from oms_commands.lots.put import PutLot
from oms_ledger.domain.lots.events import LotDefined
from oms_ledger.domain.stock.events import (
    StockAllocated,
    StockLotStatusChanged,
    StockStateChanged,
)
from oms_ledger.testing import given
from tests.commands.lots.past import LOTS, lots
from tests.commands.shop import SHELF


def put(status: str = "recalled", **more: object) -> dict[str, object]:
    return {"sku": "A", "lot": "L1", "status": status, **more}


def test_a_recall_blocks_its_units_at_every_place() -> None:
    decision = given(*LOTS).when(PutLot, **put(reason="Recall 26-114"))
    decision.then(
        LotDefined("A", "L1", "recalled", "2027-01-01", "Recall 26-114"),
        StockLotStatusChanged("A", "LON", "L1", 8, "approved", "recalled", "2027-01-01"),
        StockLotStatusChanged("A", "MAN", "L1", 2, "approved", "recalled", "2027-01-01"),
    )
    assert decision.answer["on_hand"] == 10
    assert decision.answer["locations"] == [
        {
            "location": code,
            "on_hand": units,
            "damaged": 0,
            "quarantine": 0,
            "sellable": 0,
            "short": 0,
        }
        for code, units in (("LON", 8), ("MAN", 2))
    ]
    past = (*LOTS, *decision.events)
    assert given(*past).when(PutLot, **put(reason="Recall 26-114")).events == ()
    back = given(*past).when(PutLot, **put("approved"))
    assert [e.status for e in back.events if isinstance(e, StockLotStatusChanged)] == [
        "approved",
        "approved",
    ]


def test_units_that_are_damaged_already_are_not_counted_twice() -> None:
    damaged = StockStateChanged(
        "A", "LON", 3, "available", "damaged", "wet", None, "L1", "approved"
    )
    decision = given(*LOTS, damaged).when(PutLot, **put())
    first = decision.events[1]
    assert isinstance(first, StockLotStatusChanged)
    assert first.quantity == 5


def test_a_recall_is_never_refused_and_counts_what_is_short() -> None:
    promised = StockAllocated("A", "LON", 6, "o1", "1")
    decision = given(*LOTS, promised).when(PutLot, **put())
    locations = decision.answer["locations"]
    assert isinstance(locations, list)
    assert [place["short"] for place in locations] == [4, 0]


def test_a_lot_that_is_over_cannot_be_approved_unless_its_day_was_wrong() -> None:
    past = lots("2025-12-31")
    given(*past).when(PutLot, **put("approved")).then_refused(
        "lot_expired", {"sku": "A", "lot": "L1", "expires_on": "2025-12-31"}
    )
    right = given(*past).when(PutLot, **put("approved", expires_on="2028-12-31"))
    assert LotDefined("A", "L1", "approved", "2028-12-31") in right.events
    given(*LOTS).when(PutLot, **put(expires_on="2028-13-31")).then_invalid("expires_on")


def test_a_lot_can_be_blocked_before_it_comes() -> None:
    given(*SHELF).when(PutLot, **put()).then(LotDefined("A", "L1", "recalled"))
    given(*SHELF).when(PutLot, **{**put(), "sku": "N"}).then_refused("unknown_sku")
    given(*SHELF).when(PutLot, **put("expired")).then_invalid("status")
