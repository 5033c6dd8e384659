"""Taking an order out of the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderUnarchived
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class UnarchiveOrder(OrderCommand):
    """Take an order out of the archive."""

    name: ClassVar[str] = "UnarchiveOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/unarchive")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        if not existing_order(given, self.order_id, unplaced=True).labels.archived:
            return ()
        return dated([Change(OrderUnarchived(self.order_id))], self.occurred_at, ctx)
