"""Planning a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, OccurredAt, Sku, Text, require_distinct_skus
from oms_commands.stock._stock_command import require_own_stock
from oms_ledger.domain.catalogue.state import Location, product_refs, stored_sku
from oms_ledger.domain.counts.answers import CountAnswer
from oms_ledger.domain.counts.events import CountCreated, CountItem
from oms_ledger.domain.counts.state import Count
from oms_ledger.domain.counts.views import count_view
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CreateCount(Command):
    """Plan a count of `skus` at a location; without `skus` any SKU can be counted.

    The count is blind: it shows what is recorded of a SKU once that was counted. Orders are placed
    and shipped meanwhile.
    """

    name: ClassVar[str] = "CreateCount"
    route: ClassVar[Route] = Route("POST", "/v1/counts", 201)
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = CountAnswer
    example: ClassVar[Mapping[str, Json]] = {"location": "LON", "skus": ["85123A"]}

    location: Code
    skus: Annotated[tuple[Sku, ...], Field(max_length=2000)] = ()
    reference: Text | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _each_sku_once(self) -> CreateCount:
        require_distinct_skus(self.skus, "skus")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Location, self.location), *(ref for sku in self.skus for ref in product_refs(sku))]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        skus = tuple(stored_sku(sku, given) for sku in self.skus)
        require_own_stock(skus, given, then="try again")
        items = tuple(CountItem(sku) for sku in skus)
        created = CountCreated(ctx.command_id, self.location, items, self.reference)
        return dated([Change(created)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return count_view(ctx.command_id, given.state(Count, ctx.command_id))
