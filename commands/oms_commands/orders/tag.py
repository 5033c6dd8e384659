"""Tagging an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands._tags import Tags, require_changes, tag_changes
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderTagged
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class TagOrder(OrderCommand):
    """Add tags to an order, or remove some. Lists filter by them.

    A tag has no comma. Adding one that is there, or removing one that is not, changes nothing.
    """

    name: ClassVar[str] = "TagOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/tags")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"add": ["vip"], "remove": ["new customer"]}

    order_id: Id
    add: Tags = ()
    remove: Tags = ()
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _no_tag_in_both(self) -> TagOrder:
        require_changes(self.add, self.remove)
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        tags = existing_order(given, self.order_id).labels.tags
        added, removed = tag_changes(tags, self.add, self.remove, "An order")
        if not (added or removed):
            return ()
        return dated([Change(OrderTagged(self.order_id, added, removed))], self.occurred_at, ctx)
