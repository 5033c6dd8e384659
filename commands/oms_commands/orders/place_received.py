"""Placing an order that was queued."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.catalogue.state import product_refs, stored_sku
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.rules.intake import place_received
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.source import routing_refs
from oms_ledger.domain.stock.rules import shortage_refs, stock_skus, wanted_refs
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceReceivedOrder(OrderCommand):
    """Place an order that was queued, or reject it with the reason.

    The ledger does so by itself, in the order in which orders came. One that is placed, rejected or
    cancelled already stays as it is.
    """

    name: ClassVar[str] = "PlaceReceivedOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/place")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        refs: list[Ref] = [(Order, self.order_id)]
        if not order.course.unplaced:
            return refs
        skus = dict.fromkeys(line.sku for line in order.terms.lines)
        for sku in skus:
            if not sku.isascii():
                refs += product_refs(sku)
            refs += wanted_refs(stored_sku(sku, given), given)
        stored, channel = (stored_sku(sku, given) for sku in skus), order.terms.channel
        taken = [each for sku in stored for each in stock_skus(sku, given)]
        refs += shortage_refs(taken, order.terms.backorder, channel, given)
        return refs + routing_refs(channel, order.terms.country, taken, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id, unplaced=True)
        return place_received(order, order.first_event, ctx, given)
