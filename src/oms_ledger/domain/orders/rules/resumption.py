"""The decision behind resuming a cancelled order: its units are wanted again, and get stock."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import OrderPlaced, OrderResumed
from oms_ledger.domain.orders.rules.placement import backorders_of, stock_taken
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.routing.source import Sourcing, source
from oms_ledger.domain.stock.rules import (
    kits_of,
    sellable_units,
    skus_taken,
    stock_by_location,
)
from oms_ledger.kernel import Change, Context, Given


def resume(
    order: Order, placed: OrderPlaced, note: str | None, ctx: Context, given: Given
) -> Sequence[Change]:
    """Every cancelled unit, with stock as a new order would get it. `Refused` with
    `illegal_transition` for an order that goes on, or `insufficient_stock`."""
    status = order.statuses.order
    if status not in ENDED:
        raise illegal_transition(
            "The order", status, "resumed", "Only what was cancelled whole or expired can be."
        )
    again = {line_id: p for line_id, p in order.lines.items() if p.cancelled}
    wanted = {line_id: p.cancelled for line_id, p in again.items()}
    stocked = [(line_id, p.line.sku, p.cancelled) for line_id, p in again.items() if p.line.stocked]
    lines = [p.line for p in again.values()]
    kits, stock = kits_of(lines), stock_by_location(given, skus_taken(lines))
    sourcing = Sourcing(placed.order_id, order.terms, "resume", ctx.now, kits, order.postal_area)
    sourced = source(sourcing, stocked, sellable_units(given, stock, order.terms.channel), given)
    plan = sourced.plan
    backorders = backorders_of(plan.shortages, placed.terms, stock, given, kits, ctx.now)
    resumed = OrderResumed(
        placed.order_id,
        note,
        quantities(wanted.items()),
        tuple(plan.allocations),
        backorders,
    )
    return [
        Change(resumed),
        *stock_taken(placed.order_id, plan, backorders, kits),
        *sourced.decision,
    ]
