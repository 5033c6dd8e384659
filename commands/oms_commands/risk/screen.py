"""Screening an order by the rules that count its buyer's orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.holds import HOLDABLE
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.risk.events import BuyerOrderCounted
from oms_ledger.domain.risk.rules import (
    applying_rules,
    buyer_of,
    held_by_rule,
    velocity_inputs,
)
from oms_ledger.domain.risk.state import Buyer
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ScreenOrder(Command):
    """Count an order for its buyer, and hold it where a velocity rule says so.

    The ledger does so by itself after each placement, where there is such a rule. An order counts
    once. That of a buyer who is unknown, without id and e-mail address, does not count. An order of
    which all is shipped or cancelled is counted and not held.
    """

    name: ClassVar[str] = "ScreenOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/screen")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Order, self.order_id)]
        order = given.state(Order, self.order_id)
        buyer = buyer_of(order.first_event.terms) if order.placed is not None else None
        return refs if buyer is None else [*refs, (Buyer, buyer)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        placed = order.first_event
        key = buyer_of(placed.terms)
        if key is None:
            return ()
        buyer = given.state(Buyer, key)
        if self.order_id in buyer.orders:
            return ()
        changes = [Change(BuyerOrderCounted(key, self.order_id, placed.placed_at))]
        if order.statuses.order not in HOLDABLE:
            return changes
        for rule in applying_rules(placed.terms.channel, given):
            inputs = velocity_inputs(rule, buyer, placed.placed_at)
            if inputs:
                changes.append(Change(held_by_rule(self.order_id, rule.name, rule.reason, inputs)))
        return changes

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
