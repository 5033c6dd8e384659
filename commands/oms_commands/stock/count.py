"""Counting a shelf: the balance becomes what was counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, OccurredAt, QuantityOrZero, Sku, Text
from oms_commands.stock._stock_command import StockCommand, defined_on_the_fly, refuse_if_short
from oms_ledger.domain.catalogue.state import quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.movements import lots_changed, lots_of_adjustment
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CountStock(StockCommand):
    """Book the result of a count: a difference becomes an adjustment with reason `count`.

    The difference is to what is on hand now; `occurred_at` is when the shelf was counted, if that
    was earlier. Many at once: a list under `items`, each on its own merits.
    """

    name: ClassVar[str] = "CountStock"
    route: ClassVar[Route] = Route("POST", "/v1/stock/counts", many="items", at_most=10_000)
    answer_type: ClassVar[type] = StockAnswer
    example: ClassVar[Mapping[str, Json]] = {"sku": "85123A", "location": "LON", "counted": 98}

    sku: Sku
    location: Code
    counted: QuantityOrZero
    reference: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        key = stock_key(sku, self.location)
        level = given.state(StockLevel, key)
        change = quantity_of(self.counted, sku, given, "counted") - level.on_hand
        if not change:
            return ()
        refuse_if_short(sku, self.location, change, given)
        event = StockAdjusted(sku, self.location, change, "count", self.reference)
        lots = lots_of_adjustment(level, sku, self.location, change, None, given)
        lots_event = lots_changed(sku, self.location, lots, self.reference)
        changes = [*defined_on_the_fly(sku, given), *lots_event, Change(event)]
        return dated(changes, self.occurred_at, ctx)
