"""Releasing one hold of an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.events import HoldReleased
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseHold(Command):
    """Release one hold. The order can ship again when none is left."""

    name: ClassVar[str] = "ReleaseHold"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/holds/{hold_id}/release")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    hold_id: Id
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.hold_id not in existing_order(given, self.order_id).holds:
            raise NotFound(
                f"Order {self.order_id} has no open hold {self.hold_id}. GET the order to see"
                " its holds."
            )
        released = HoldReleased(self.order_id, self.hold_id)
        return dated([Change(released)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
