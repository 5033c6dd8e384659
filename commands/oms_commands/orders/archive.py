"""Archiving an order that is done with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderArchived
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route

_ARCHIVABLE = ENDED | {"fulfilled", "completed"}


@dataclass(frozen=True, slots=True, config=STRICT)
class ArchiveOrder(OrderCommand):
    """Archive an order of which nothing is left to do. Facts and figures stay as they are."""

    name: ClassVar[str] = "ArchiveOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/archive")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id, unplaced=True)
        if order.labels.archived:
            return ()
        status = order.statuses.order
        if status not in _ARCHIVABLE:
            raise illegal_transition(
                "The order", status, "archived", "Ship or cancel what is open of it first."
            )
        return dated([Change(OrderArchived(self.order_id))], self.occurred_at, ctx)
