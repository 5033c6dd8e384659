"""Giving real stock to what was promised without being there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.guards import existing_order, stock_of_lines
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation, Backorder, OrderLine, units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.source import Sourcing, routing_refs, source
from oms_ledger.domain.stock.rules import (
    Kits,
    available_units,
    backorders_released,
    kits_of,
    of_channel,
    skus_taken,
    stock_allocated,
    stock_by_location,
    stock_group_refs,
)
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AllocateBackorders(OrderCommand):
    """Allocate stock that has come in to an order's backordered units, as far as it goes.

    The ledger does so by itself, for the order that has waited longest first; this prefers an order
    to those that have waited longer. With `lines` only these get any.
    """

    name: ClassVar[str] = "AllocateBackorders"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/allocate")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    lines: Annotated[tuple[Id, ...], Field(min_length=1, max_length=2000)] | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        refs: list[Ref] = [(Order, self.order_id), *stock_of_lines(order)]
        skus = skus_taken(_waiting(order))
        for sku in skus:
            refs += stock_group_refs(sku)
        if skus:
            terms = order.terms
            refs += routing_refs(terms.channel, terms.country, skus, given, self.order_id)
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        lines = _waiting(order)
        if self.lines is not None:
            lines = [line for line in lines if line.line_id in self.lines]
        if not lines:
            raise illegal_transition(
                "The order", "not backordered", "allocated", "All its units have stock already."
            )
        waiting = [
            (each.line_id, each.sku, order.lines[each.line_id].backordered) for each in lines
        ]
        stock, kits = stock_by_location(given, skus_taken(lines)), kits_of(lines)
        available = of_channel(available_units(given, stock), order.terms.channel, given)
        area = order.postal_area
        sourcing = Sourcing(self.order_id, order.terms, "backorders", ctx.now, kits, area)
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
        settled = _covered(order, plan.allocations)
        changes = _changes(self.order_id, plan.allocations, settled, kits)
        return dated([*changes, *sourced.decision], self.occurred_at, ctx)


def _waiting(order: Order) -> list[OrderLine]:
    return [p.line for p in order.lines.values() if p.backordered_at]


def _covered(order: Order, allocations: Sequence[Allocation]) -> list[Backorder]:
    """The backorders that these allocations settle."""
    settled: list[Backorder] = []
    for line_id, left in units_by_line(allocations).items():
        progress = order.lines[line_id]
        for location, waiting in progress.backordered_at.items():
            take = min(waiting, left)
            left -= take
            if take:
                settled.append(Backorder(line_id, progress.line.sku, location, take))
    return settled


def _changes(
    order_id: str, allocations: Sequence[Allocation], settled: Sequence[Backorder], kits: Kits
) -> list[Change]:
    event = BackordersAllocated(order_id, tuple(allocations), tuple(settled))
    return [
        Change(event),
        *backorders_released(order_id, settled, kits),
        *stock_allocated(order_id, allocations, kits),
    ]
