"""Booking the differences of a count."""

from __future__ import annotations

from oms_commands.counts.approve import ApproveCount
from oms_ledger.domain.counts.events import CountApproved, Variance
from oms_ledger.domain.stock.events import (
    LotChange,
    StockAdjusted,
    StockAllocated,
    StockLotsChanged,
    StockReceived,
    StockShipped,
)
from oms_ledger.testing import given
from tests.commands.counts.past import REQUESTED, counted


def test_each_variance_is_an_adjustment() -> None:
    decision = given(*counted(8, 3)).when(ApproveCount, count_id="n1")
    decision.then(
        CountApproved("n1", (Variance("A", -2), Variance("B", 3))),
        StockAdjusted("A", "LON", -2, "count", "n1"),
        StockAdjusted("B", "LON", 3, "count", "n1"),
    )
    assert decision.answer["status"] == "approved"
    past = (*counted(8, 3), *decision.events)
    given(*past).when(ApproveCount, count_id="n1").then_refused("illegal_transition")


def test_what_moved_since_does_not_disturb_it() -> None:
    """Two were missing of ten. Four more came and three were sold and left: nine, not eight."""
    moved = (
        StockReceived("A", "LON", 4),
        StockAllocated("A", "LON", 3, "o1", "1"),
        StockShipped("A", "LON", 3, "o1", "1", "s1"),
    )
    decision = given(*counted(8), *moved).when(ApproveCount, count_id="n1")
    assert StockAdjusted("A", "LON", -2, "count", "n1") in decision.events


def test_a_right_count_books_nothing() -> None:
    given(*counted(10)).when(ApproveCount, count_id="n1").then(
        CountApproved("n1", (Variance("A", 0), Variance("B", 0)))
    )


def test_units_that_are_missing_and_promised_are_named() -> None:
    promised = StockAllocated("A", "LON", 9, "o1", "1")
    given(*counted(8), promised).when(ApproveCount, count_id="n1").then_refused(
        "insufficient_stock", {"sku": "A", "location": "LON", "requested": 2, "available": 1}
    )


def test_all_skus_are_counted_first() -> None:
    given(*REQUESTED).when(ApproveCount, count_id="n1").then_refused("illegal_transition")


def test_missing_units_are_of_no_lot_first() -> None:
    lots = StockLotsChanged("A", "LON", (LotChange("L1", 9),))
    decision = given(*counted(8), lots).when(ApproveCount, count_id="n1")
    assert StockLotsChanged("A", "LON", (LotChange("L1", -1),), "n1") in decision.events
