"""Invariants of order lines: the units of all stages add up, and so do all amounts."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.money import DIGITS
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderRejected,
    OrderResumed,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Event


def units_fault(p: LineProgress) -> str | None:
    """Why the units of a line cannot be right; None where they can."""
    held = sum(p.allocated_at.values()) if p.allocated_at else 0
    owed = sum(p.backordered_at.values()) if p.backordered_at else 0
    packed, shipped, cancelled = p.packed, p.shipped, p.cancelled
    stages = (held, owed, p.untracked, packed, shipped, cancelled)
    if min(stages) < 0 or p.delivered < 0 or p.returned < 0:
        return "a stage has less than no units"
    if p.delivered > shipped:
        return "more was delivered than shipped"
    if p.returned > shipped:
        return "more came back than was shipped"
    if not p.line.stocked:
        some = held or owed or packed or shipped or p.untracked
        return "a service has units" if some or cancelled > p.line.quantity else None
    if p.line.quantity != held + packed + owed + p.untracked + shipped + cancelled:
        return "the stages do not add up to what was ordered"
    return None


def units_text(p: LineProgress) -> str:
    return (
        f"line {p.line.line_id} of {p.line.quantity}: {p.allocated} allocated, {p.packed} packed,"
        f" {p.backordered} backordered, {p.untracked} untracked, {p.shipped} shipped"
        f" ({p.delivered} delivered, {p.returned} returned), {p.cancelled} cancelled"
    )


def edit_fault(order: Order, event: OrderEdited) -> str | None:
    """Why the amounts of an edit that is already applied to its `order` cannot be right; None where
    they can."""
    terms = order.terms
    if event.total_after != terms.total:
        return "the total after the edit is not that of its lines and shipping"
    for each in event.changed:
        line = each.line
        if (
            not each.repriced
            and order.lines[line.line_id].priced.of_quantity(line.quantity) != line
        ):
            return f"tax and discounts of line {line.line_id} are not in proportion to its units"
    return money_fault(terms, units_min=0)


def money_fault(terms: OrderTerms, units_min: int = 1) -> str | None:
    """Why the amounts of an order cannot be right; None where they can. The total is computed by
    columns here, and line by line where orders are placed. Each line has at least `units_min`."""
    if terms.currency not in DIGITS:
        return f"{terms.currency!r} is no currency"
    for line in terms.lines:
        if line.quantity < units_min or _impossible(line):
            return f"line {line.line_id} has amounts that cannot be"
    goods = sum([line.goods for line in terms.lines])
    tax = sum([line.tax for line in terms.lines if not line.tax_included])
    discount = sum([line.discount + line.order_discount for line in terms.lines])
    shipping = terms.shipping.price if terms.shipping else 0
    if terms.shipping and not terms.shipping.tax_included:
        shipping += terms.shipping.tax
    if shipping < 0 or goods + tax - discount + shipping != terms.total:
        return "lines, tax, discount and shipping do not add up to the total"
    return None


def _impossible(line: OrderLine) -> bool:
    gross = line.goods + (0 if line.tax_included else line.tax)
    return (
        line.unit_price < 0
        or not 0 <= line.tax <= (gross if line.tax_included else line.tax)
        or min(line.discount, line.order_discount) < 0
        or line.discount + line.order_discount > gross
    )


def touched_lines(order: Order, event: Event) -> Iterable[LineProgress]:
    """The lines whose units an event moved."""
    lines = order.lines
    match event:
        case OrderPlaced() | OrderEdited():
            return lines.values()
        case BackordersAllocated():
            moved = (*event.allocations, *event.released)
            return [lines[a.line_id] for a in moved]
        case (
            OrderCancelled()
            | OrderRejected()
            | OrderResumed()
            | UnitsPacked()
            | UnitsUnpacked()
            | UnitsShipped()
            | UnitsDelivered()
            | UnitsReturned()
        ):
            return [lines[each.line_id] for each in event.lines]
    return ()
