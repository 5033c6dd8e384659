"""Promising preorders of an order for the time at which their goods are to be there now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.guards import existing_order, stock_of_lines
from oms_ledger.domain.orders.rules.preorders import reschedule_preorders
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReschedulePreorders(OrderCommand):
    """Promise the preorders of an order for the time at which their products are to be there now.

    The workers do so by themselves when that time changes, and the customer is notified. An order
    that waits for none, or has the promise already, stays as it is.
    """

    name: ClassVar[str] = "ReschedulePreorders"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/preorders/reschedule")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        waiting = [p.line.sku for p in order.lines.values() if p.preordered_at]
        products: list[Ref] = [(Product, sku) for sku in waiting]
        return [(Order, self.order_id), *products, *stock_of_lines(order)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        return reschedule_preorders(order, ctx.command_id, given)
