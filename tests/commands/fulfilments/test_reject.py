"""Rejecting work: units go to other locations, without the one that rejected."""

from __future__ import annotations

from oms_commands.fulfilments.reject import RejectFulfilment
from oms_ledger.domain.fulfilments.events import (
    FulfilmentOpened,
    FulfilmentPutBack,
    FulfilmentRejected,
)
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.events import StockAllocated, StockReleased
from oms_ledger.testing import given
from tests.commands.fulfilments.past import BEGUN, OPENED, WORK, opened, picked, two_places
from tests.commands.shop import AT, SHIP_BY, place, quantities, stock

REJECT = RejectFulfilment(fulfilment_id=WORK, reason="closed")


def moved(units: int) -> tuple[BackordersAllocated, StockReleased, StockAllocated]:
    """So many units are allocated at MAN instead of LON."""
    there, here = Allocation("1", "A", "MAN", units), Allocation("1", "A", "LON", units)
    return (
        BackordersAllocated("o1", (there,), (), (here,)),
        StockReleased("A", "LON", units, "o1", "1"),
        StockAllocated("A", "MAN", units, "o1", "1"),
    )


def test_another_location_gets_the_units() -> None:
    decision = given(*two_places()).when(REJECT)
    decision.then(OPENED, BEGUN, FulfilmentRejected(WORK, "closed", quantities(6)), *moved(6))
    assert (decision.answer["status"], decision.answer["lines"]) == ("rejected", [])


def test_what_no_other_location_has_stays_and_waits_for_a_person() -> None:
    decision = given(*two_places(4)).when(REJECT)
    decision.then(OPENED, BEGUN, FulfilmentRejected(WORK, "closed", quantities(4)), *moved(4))
    assert (decision.answer["status"], decision.answer["units"]) == ("rejected", 2)
    alone = given(*two_places(0)).when(REJECT)
    alone.then(OPENED, BEGUN, FulfilmentRejected(WORK, "closed"))
    assert (alone.answer["status"], alone.answer["units"]) == ("rejected", 6)


def test_a_location_that_has_rejected_the_order_does_not_get_it_back() -> None:
    there = FulfilmentOpened("o1@MAN", "o1", "WEB-000001", "web", "MAN", AT, SHIP_BY)
    past = (*two_places(), *opened(), there, FulfilmentRejected("o1@MAN", "no boxes"))
    given(*past).when(REJECT).then(FulfilmentRejected(WORK, "closed"))
    third = (place("YRK", 3), stock(9, location="YRK"))
    decision = given(*past, *third).when(REJECT)
    assert StockAllocated("A", "YRK", 6, "o1", "1") in decision.events


def test_what_is_picked_already_is_put_back() -> None:
    decision = given(*two_places(), *opened(), picked(2)).when(REJECT)
    rejected = FulfilmentRejected(WORK, "closed", quantities(6))
    decision.then(rejected, *moved(6), FulfilmentPutBack(WORK, quantities(2)))
