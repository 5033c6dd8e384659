"""Releasing one hold of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import HoldReleased
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseHold(OrderCommand):
    """Release one hold. The order can ship again when none is left."""

    name: ClassVar[str] = "ReleaseHold"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/holds/{hold_id}/release")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    hold_id: Id
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if self.hold_id not in existing_order(given, self.order_id).holds:
            raise NotFound(
                f"Order {self.order_id} has no open hold {self.hold_id}. GET the order to see"
                " its holds."
            )
        released = HoldReleased(self.order_id, self.hold_id)
        return dated([Change(released)], self.occurred_at, ctx)
