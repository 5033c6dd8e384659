"""Giving real stock to what was promised without being there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.guards import existing_order, stock_of_lines
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.sourcing import Sourcing, routing_refs, source
from oms_ledger.domain.stock.rules import (
    available_units,
    backorders_released,
    of_channel,
    stock_allocated,
    stock_by_location,
    stock_group_refs,
)
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AllocateBackorders(OrderCommand):
    """Allocate stock that has come in to an order's backordered units, as far as it goes."""

    name: ClassVar[str] = "AllocateBackorders"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/allocate")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        refs: list[Ref] = [(Order, self.order_id), *stock_of_lines(order)]
        skus = _waiting_skus(order)
        for sku in skus:
            refs += stock_group_refs(sku)
        if skus:
            terms = order.terms
            refs += routing_refs(terms.channel, terms.shipping_address, skus, given, self.order_id)
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        waiting = [(p.line.line_id, p.line.sku, p.backordered) for p in order.lines.values()]
        waiting = [w for w in waiting if w[2]]
        if not waiting:
            raise illegal_transition(
                "The order", "not backordered", "allocated", "All its units have stock already."
            )
        stock = stock_by_location(given, _waiting_skus(order))
        available = of_channel(available_units(given, stock), order.terms.channel, given)
        sourcing = Sourcing(self.order_id, order.terms, "backorders", ctx.now)
        sourced = source(sourcing, waiting, available, given)
        plan = sourced.plan
        if not plan.allocations:
            raise Refused(
                "None of the backordered units has stock yet. Receive some first.",
                code="insufficient_stock",
                errors=[
                    {"line": s.line_id, "sku": s.sku, "requested": s.requested, "available": 0}
                    for s in plan.shortages
                ],
            )
        changes = _changes(self.order_id, plan.allocations, _covered(order, plan.allocations))
        return dated([*changes, *sourced.decision], self.occurred_at, ctx)


def _waiting_skus(order: Order) -> list[str]:
    return sorted({p.line.sku for p in order.lines.values() if p.backordered_at})


def _covered(order: Order, allocations: Sequence[Allocation]) -> list[Backorder]:
    """The backorders that these allocations settle."""
    units: dict[str, int] = {}
    for a in allocations:
        units[a.line_id] = units.get(a.line_id, 0) + a.quantity
    settled: list[Backorder] = []
    for line_id, left in units.items():
        progress = order.lines[line_id]
        for location, waiting in progress.backordered_at.items():
            take = min(waiting, left)
            left -= take
            if take:
                settled.append(Backorder(line_id, progress.line.sku, location, take))
    return settled


def _changes(
    order_id: str, allocations: Sequence[Allocation], settled: Sequence[Backorder]
) -> list[Change]:
    event = BackordersAllocated(order_id, tuple(allocations), tuple(settled))
    return [
        Change(event),
        *backorders_released(order_id, settled),
        *stock_allocated(order_id, allocations),
    ]
