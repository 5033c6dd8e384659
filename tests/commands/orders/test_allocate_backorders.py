"""Giving real stock to backorders."""

from __future__ import annotations

from oms_commands.orders.allocate_backorders import AllocateBackorders
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.stock.events import BackorderReleased, StockAllocated
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.shop import goods, line, ordered, place, six, stock

COMMAND = AllocateBackorders(order_id="o1")


def waiting(*units: int) -> tuple[Event, ...]:
    """An order with one line for each of these numbers, all of it backordered."""
    lines = tuple(line(n, str(i)) for i, n in enumerate(units, 1))
    short = tuple(Backorder(str(i), "A", "LON", n) for i, n in enumerate(units, 1))
    return (place("LON", 1), place("MAN", 2), goods(), *ordered(*lines, short=short))


def test_what_has_come_in_is_allocated_and_no_longer_owed() -> None:
    decision = given(*waiting(5), stock(9)).when(COMMAND)
    decision.then(
        BackordersAllocated(
            "o1", (Allocation("1", "A", "LON", 5),), (Backorder("1", "A", "LON", 5),)
        ),
        BackorderReleased("A", "LON", 5, "o1", "1"),
        StockAllocated("A", "LON", 5, "o1", "1"),
    )
    status = decision.answer["status"]
    assert isinstance(status, dict)
    assert status["fulfilment"] == "unfulfilled"


def test_it_goes_as_far_as_the_stock_goes_line_by_line() -> None:
    given(*waiting(5, 5), stock(7)).when(COMMAND).then(
        BackordersAllocated(
            "o1",
            (Allocation("1", "A", "LON", 5), Allocation("2", "A", "LON", 2)),
            (Backorder("1", "A", "LON", 5), Backorder("2", "A", "LON", 2)),
        ),
        BackorderReleased("A", "LON", 5, "o1", "1"),
        BackorderReleased("A", "LON", 2, "o1", "2"),
        StockAllocated("A", "LON", 5, "o1", "1"),
        StockAllocated("A", "LON", 2, "o1", "2"),
    )


def test_stock_may_have_come_in_elsewhere() -> None:
    given(*waiting(5), stock(2), stock(9, location="MAN")).when(COMMAND).then(
        BackordersAllocated(
            "o1",
            (Allocation("1", "A", "LON", 2), Allocation("1", "A", "MAN", 3)),
            (Backorder("1", "A", "LON", 5),),
        ),
        BackorderReleased("A", "LON", 5, "o1", "1"),
        StockAllocated("A", "LON", 2, "o1", "1"),
        StockAllocated("A", "MAN", 3, "o1", "1"),
    )


def test_without_any_stock_it_is_refused_naming_every_line() -> None:
    given(*waiting(5, 4)).when(COMMAND).then_refused(
        "insufficient_stock",
        {"line": "1", "sku": "A", "requested": 5, "available": 0},
        {"line": "2", "sku": "A", "requested": 4, "available": 0},
    )


def test_safety_stock_is_not_given_away() -> None:
    past = (*waiting(5), goods(safety_stock=3), stock(3))
    given(*past).when(COMMAND).then_refused("insufficient_stock")


def test_an_order_that_waits_for_nothing() -> None:
    refused = given(*six()).when(COMMAND).then_refused("illegal_transition")
    assert "All its units have stock already" in refused.detail


def test_an_order_that_is_not_there() -> None:
    given().when(COMMAND).then_refused("not_found")


def test_an_order_has_an_id() -> None:
    given().when(AllocateBackorders, order_id="").then_invalid("order_id")
