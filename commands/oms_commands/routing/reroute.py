"""Routing units of an order anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt, Reason
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.fulfilments.rules import put_back_if_begun, refs_if_begun
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.reroute import allocated_units, reroute, reroute_refs
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RerouteOrder(OrderCommand):
    """Route units of an order anew that are allocated and not packed.

    Those at the places `without`, of which nothing of the order comes any more; or all of them,
    where it is left out. With `lines` those of these lines alone. What other places have moves; the
    rest stays, or waits for stock with `backorder`. Refused with `insufficient_stock` where no
    other place has any of it.
    """

    name: ClassVar[str] = "RerouteOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/reroute")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"without": ["LON"], "reason": "closed"}

    order_id: Id
    without: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    lines: Annotated[tuple[Id, ...], Field(max_length=2000)] = ()
    reason: Reason = "reroute"
    backorder: bool = False
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        work = refs_if_begun(self.order_id, given)
        return [*reroute_refs(self.order_id, given), *work]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        moved = self._moved(order)
        if not moved:
            raise illegal_transition(
                "The order", "without such units", "routed anew", "All are packed, or elsewhere."
            )
        keep = not self.backorder
        rerouted = reroute(
            order, moved, self.without, self.reason, ctx, given, keep=keep, keep_excluded=True
        )
        if rerouted.kept and not rerouted.released:
            raise Refused(
                "No other place has any of the units. Receive some first, or let them wait with"
                " backorder.",
                code="insufficient_stock",
                errors=[
                    {"line": a.line_id, "sku": a.sku, "requested": a.quantity, "available": 0}
                    for a in rerouted.kept
                ],
            )
        changes = put_back_if_begun(rerouted.changes, order, given)
        return dated(changes, self.occurred_at, ctx)

    def _moved(self, order: Order) -> list[Allocation]:
        places = frozenset(self.without) if self.without else None
        wanted = frozenset(self.lines)
        units = allocated_units(order, places)
        return [a for a in units if not wanted or a.line_id in wanted]
