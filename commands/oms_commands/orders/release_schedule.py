"""Releasing a scheduled order: it need not wait for its `fulfil_at` any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.events import FulfilmentReleased
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseScheduledOrder(Command):
    """Release an order before its `fulfil_at`, so that it can be shipped once it is confirmed.

    When that time comes the ledger does so by itself. An order that is released already, or
    cancelled, stays as it is.
    """

    name: ClassVar[str] = "ReleaseScheduledOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/release-schedule")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        assert order.placed is not None
        status = order.statuses.order
        if order.placed.terms.fulfil_at is None:
            raise illegal_transition(
                "The order", status, "released", "It has no fulfil_at to wait for."
            )
        if not order.scheduled or status == "cancelled":
            return ()
        return [Change(FulfilmentReleased(self.order_id))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
