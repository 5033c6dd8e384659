"""Resuming a cancelled order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.rules.resumption import resume
from oms_ledger.domain.orders.rules.schedule import release_if_due
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.source import routing_refs
from oms_ledger.domain.stock.rules import backorder_refs, skus_taken, stock_group_refs
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ResumeOrder(OrderCommand):
    """Resume an order that was cancelled whole or expired, with stock anew, or refuse.

    On any shortage nothing is written, unless the order allows backorders.
    """

    name: ClassVar[str] = "ResumeOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/resume")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"note": "The buyer wants it after all."}

    order_id: Id
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        skus = skus_taken(p.line for p in order.lines.values())
        refs: list[Ref] = [(Order, self.order_id)]
        if order.placed is not None:
            terms = order.terms
            refs += backorder_refs(skus, terms.channel, given)
            refs += routing_refs(terms.channel, terms.country, skus, given, self.order_id)
        return refs + [ref for sku in skus for ref in stock_group_refs(sku)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        changes = resume(order, order.first_event, self.note, ctx, given)
        resumed = dated(changes, self.occurred_at, ctx)
        if not order.scheduled:
            return resumed
        return [*resumed, *release_if_due(self.order_id, order.terms, ctx)]
