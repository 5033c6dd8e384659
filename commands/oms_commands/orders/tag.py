"""Tagging an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Id, OccurredAt
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.events import OrderTagged
from oms_ledger.domain.orders.labels import TAGS_MAX
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


def _no_comma(tag: str) -> str:
    if "," in tag:
        raise ValueError("write it without commas, which part tags in lists")
    return tag


_Tag = Annotated[
    str, Field(min_length=1, max_length=50, pattern=PRINTABLE), AfterValidator(_no_comma), COMPOSED
]
_Tags = Annotated[tuple[_Tag, ...], Field(max_length=TAGS_MAX)]


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
    add: _Tags = ()
    remove: _Tags = ()
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _no_tag_in_both(self) -> TagOrder:
        if not (self.add or self.remove):
            raise ValueError("add: name a tag to add, or one to remove")
        both = set(self.add) & set(self.remove)
        if both:
            raise ValueError(f"remove: {min(both)!r} is to be added as well")
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        tags = existing_order(given, self.order_id, unplaced=True).labels.tags
        added = tuple(tag for tag in dict.fromkeys(self.add) if tag not in tags)
        removed = tuple(tag for tag in dict.fromkeys(self.remove) if tag in tags)
        if len(tags) + len(added) - len(removed) > TAGS_MAX:
            raise Refused(
                f"An order has at most {TAGS_MAX} tags. Remove some first.", code="too_many_tags"
            )
        if not (added or removed):
            return ()
        return dated([Change(OrderTagged(self.order_id, added, removed))], self.occurred_at, ctx)
