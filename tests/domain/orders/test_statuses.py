"""The four axes of an order: derived from its lines, never set."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.orders.events import UnitsReturned
from oms_ledger.domain.orders.lines import LineQuantity, OrderLine
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import fulfilment_status, order_status, return_status

GOODS = OrderLine("1", "A", 6, 255)
FEE = OrderLine("2", "POST", 1, 495, stocked=False)


def goods(
    shipped: int = 0, delivered: int = 0, cancelled: int = 0, backordered: int = 0
) -> LineProgress:
    owed = {"LON": backordered} if backordered else {}
    return LineProgress(
        GOODS, backordered_at=owed, shipped=shipped, delivered=delivered, cancelled=cancelled
    )


@pytest.mark.parametrize(
    ("lines", "fulfilment", "status"),
    [
        ([goods()], "unfulfilled", "confirmed"),
        ([goods(backordered=1)], "backordered", "confirmed"),
        ([goods(shipped=2)], "partially_shipped", "processing"),
        ([goods(shipped=6)], "shipped", "fulfilled"),
        ([goods(shipped=4, cancelled=2)], "shipped", "fulfilled"),
        ([goods(shipped=6, delivered=2)], "partially_delivered", "fulfilled"),
        ([goods(shipped=4, delivered=2)], "partially_delivered", "processing"),
        ([goods(shipped=6, delivered=6)], "delivered", "completed"),
        ([goods(shipped=4, delivered=4, cancelled=2)], "delivered", "completed"),
        ([goods(shipped=6), goods()], "partially_shipped", "processing"),
        ([goods(shipped=6, delivered=6), goods()], "partially_delivered", "processing"),
        ([goods(cancelled=6)], "cancelled", "cancelled"),
        ([goods(), LineProgress(FEE)], "unfulfilled", "confirmed"),
        ([goods(shipped=6, delivered=6), LineProgress(FEE)], "delivered", "completed"),
        ([goods(cancelled=6), LineProgress(FEE)], "cancelled", "completed"),
        ([LineProgress(FEE)], "not_required", "completed"),
        ([goods(cancelled=6), LineProgress(FEE, cancelled=1)], "cancelled", "cancelled"),
    ],
)
def test_separate_axes_are_computed_from_facts(
    lines: list[LineProgress], fulfilment: str, status: str
) -> None:
    assert fulfilment_status(lines) == fulfilment
    assert order_status(lines, fulfilment, confirmed=True, in_work=False) == status
    expected = "cancelled" if status == "cancelled" else "pending"
    assert order_status(lines, fulfilment, confirmed=False, in_work=False) == expected


def test_a_shipment_that_has_not_left_is_work_already() -> None:
    assert order_status([goods()], "unfulfilled", confirmed=True, in_work=True) == "processing"
    assert (
        order_status([goods(cancelled=6)], "cancelled", confirmed=True, in_work=True) == "cancelled"
    )


@given(st.integers(0, 6), st.integers(0, 6))
def test_returns_are_an_axis_of_their_own(shipped: int, returned: int) -> None:
    order = Order(lines={"1": goods(shipped=max(shipped, returned))})
    before = order.statuses
    if returned:
        order.apply(UnitsReturned("o1", None, (LineQuantity("1", returned),)))
    expected = "partially_returned" if returned < max(shipped, returned) else "returned"
    assert return_status(order.lines.values(), {}) == (expected if returned else "none")
    assert order.statuses.order == before.order
    assert order.statuses.fulfilment == before.fulfilment


def test_each_line_counts_its_units_by_stage() -> None:
    counters = {f.name for f in fields(LineProgress)} - {"line", "basis"}
    assert counters == {
        "allocated_at",
        "untracked",
        "preorder",
        "preordered_at",
        "backordered_at",
        "packed",
        "shipped",
        "delivered",
        "cancelled",
        "returned",
        "credited",
    }
    line = LineProgress(GOODS, {"LON": 2, "MAN": 1}, {"LON": 1}, packed=1, shipped=1)
    assert (line.allocated, line.backordered, line.open) == (3, 1, 5)


def test_what_a_line_amounts_to() -> None:
    assert OrderLine("1", "A", 6, 255, tax=30, discount=60).amount == 6 * 255 + 30 - 60
