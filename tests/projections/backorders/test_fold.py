"""Who waits for stock, event by event."""

from __future__ import annotations

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import BackorderReleased, StockAllocated, StockBackordered
from oms_ledger.testing import folded, given, recorded
from oms_projections.backorders import READ_MODEL
from oms_projections.backorders.rows import BackorderRow
from tests.projections.histories import Shop

WAITS = StockBackordered("A", "LON", 3, "o1", "1")


def rows(*events: StockBackordered | BackorderReleased) -> list[BackorderRow]:
    folded_rows = given(*events).folded_into(READ_MODEL, page=1).of(BackorderRow)
    return [row for row in folded_rows if isinstance(row, BackorderRow)]


def test_a_line_waits_from_its_backorder_to_its_release() -> None:
    (row,) = rows(WAITS)
    assert (row.sku, row.location, row.order_id, row.line_id) == ("A", "LON", "o1", "1")
    assert (row.quantity, row.position) == (3, 1)
    (row,) = rows(WAITS, BackorderReleased("A", "LON", 2, "o1", "1"))
    assert (row.quantity, row.position) == (1, 1)
    (row,) = rows(WAITS, BackorderReleased("A", "LON", 3, "o1", "1"))
    assert row.quantity == 0


def test_a_line_that_waits_for_more_keeps_its_place() -> None:
    (row,) = rows(WAITS, StockBackordered("A", "LON", 2, "o1", "1"))
    assert (row.quantity, row.position) == (5, 1)


def test_a_line_that_waits_again_begins_anew() -> None:
    (row,) = rows(WAITS, BackorderReleased("A", "LON", 3, "o1", "1"), WAITS)
    assert (row.quantity, row.position) == (3, 3)


def test_other_events_of_stock_change_nothing() -> None:
    assert not given(StockAllocated("A", "LON", 3, "o1", "1")).folded_into(READ_MODEL).rows


def test_what_waits_is_what_the_orders_wait_for() -> None:
    shop = Shop(9)
    folded_rows = folded(READ_MODEL, recorded(shop.play(400))).of(BackorderRow)
    waiting = {
        (row.order_id, row.line_id): row.quantity
        for row in folded_rows
        if isinstance(row, BackorderRow) and row.quantity
    }
    of_orders = {
        (order_id, line_id): line.backordered
        for order_id, order in shop.orders.items()
        if isinstance(order, Order)
        for line_id, line in order.lines.items()
        if line.backordered
    }
    assert waiting == of_orders
    assert len(waiting) > 10
