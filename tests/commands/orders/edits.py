"""Edits of an order, short to write, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms_ledger.domain.orders.events import (
    OrderCancelled,
    OrderEdited,
)
from oms_ledger.domain.orders.lines import Allocation, LineEdit, OrderLine
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import (
    StockReleased,
)
from oms_ledger.kernel import Event, Json
from oms_ledger.testing import Decision
from tests.commands.shop import (
    SHELF,
    line,
    ordered,
    quantities,
)

EDIT = "command-1"


def edit(*changes: Mapping[str, object], **fields: object) -> dict[str, Any]:
    return {"order_id": "o1", "changes": list(changes), **fields}


def quantity(units: int, line_id: str = "1") -> dict[str, Json]:
    return {"type": "set_quantity", "line_id": line_id, "quantity": units}


def price(line_id: str = "1", **amounts: str) -> dict[str, Json]:
    return {"type": "set_price", "line_id": line_id, **amounts}


def more(sku: str = "A", units: int = 1, **fields: str) -> dict[str, Json]:
    wanted: dict[str, Json] = {"sku": sku, "quantity": units, "unit_price": "2.55", **fields}
    return {"type": "add_line", "line": wanted}


def edited(before: int, after: int, **fields: Any) -> OrderEdited:
    """The event of an edit of order `o1` that changes its total so."""
    return OrderEdited("o1", EDIT, "GBP", before, after, after - before, **fields)


def changed(units: int, before: int, line_id: str = "1") -> tuple[LineEdit, ...]:
    return (LineEdit(line(units, line_id), before),)


def after(decision: Decision, *past: Event) -> Order:
    """The order `o1` after the past and the decision."""
    order = Order()
    for event in (*past, *decision.events):
        if event.category == "order":
            order.apply(event)
    return order


def answer(decision: Decision) -> Any:
    """The answer, as the JSON that it is."""
    assert decision.events is not None
    return decision.answer


def taxed(units: int = 3, tax: int = 100, discount: int = 7) -> tuple[Event, ...]:
    """An order whose tax and discount cannot be divided by its units."""
    agreed = OrderLine("1", "A", units, 255, tax, discount)
    return (*SHELF, *ordered(agreed, got=(Allocation("1", "A", "LON", units),)))


def cancelled(units: int, reason: str = "customer") -> tuple[Event, ...]:
    """Units of line 1 of order `o1`, which had stock, were cancelled."""
    freed = (Allocation("1", "A", "LON", units),)
    return (
        OrderCancelled("o1", reason, None, quantities(units), freed),
        StockReleased("A", "LON", units, "o1", "1"),
    )
