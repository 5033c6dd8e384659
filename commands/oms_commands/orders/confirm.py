"""Confirming an order: from here on it can be fulfilled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.events import OrderConfirmed
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ConfirmOrder(Command):
    """Confirm a pending order, so that it can be fulfilled."""

    name: ClassVar[str] = "ConfirmOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/confirm")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        status = existing_order(given, self.order_id).statuses.order
        if status != "pending":
            raise illegal_transition(
                "The order", status, "confirmed", "Only a pending order waits for that."
            )
        return dated([Change(OrderConfirmed(self.order_id))], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
