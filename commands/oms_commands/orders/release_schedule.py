"""Releasing a scheduled order: it need not wait for its `fulfil_at` any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import FulfilmentReleased
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseScheduledOrder(OrderCommand):
    """Release an order before its `fulfil_at`, so that it can be shipped once it is confirmed.

    When that time comes the ledger does so by itself. An order that is released already, or
    cancelled, stays as it is.
    """

    name: ClassVar[str] = "ReleaseScheduledOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/release-schedule")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        status = order.statuses.order
        if order.terms.fulfil_at is None:
            raise illegal_transition(
                "The order", status, "released", "It has no fulfil_at to wait for."
            )
        # Resumed after its time, the order is released by that command.
        if not order.scheduled or status in ENDED:
            return ()
        return [Change(FulfilmentReleased(self.order_id))]
