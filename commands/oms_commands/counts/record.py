"""Recording what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, QuantityOrZero, Sku, require_distinct_skus
from oms_commands.counts._count_command import CountCommand
from oms_commands.stock._stock_command import require_own_stock
from oms_ledger.domain.catalogue.state import product_refs, quantity_of, stored_sku
from oms_ledger.domain.counts.events import CountedLine, CountRecorded
from oms_ledger.domain.counts.state import Count, open_count
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class _CountedUnits:
    """`counted` are all units on the shelf, those that are packed, damaged or in quarantine too."""

    sku: Sku
    counted: QuantityOrZero


@dataclass(frozen=True, slots=True, config=STRICT)
class RecordCount(CountCommand):
    """Record the units of SKUs that were just counted; one that is counted again is counted anew.

    Each is compared with what is on hand at this moment. What is received, shipped or sold after it
    changes the variance no more.
    """

    name: ClassVar[str] = "RecordCount"
    route: ClassVar[Route] = Route("POST", "/v1/counts/{count_id}/record")
    example: ClassVar[Mapping[str, Json]] = {"lines": [{"sku": "85123A", "counted": 98}]}

    count_id: Id
    lines: Annotated[tuple[_CountedUnits, ...], Field(min_length=1, max_length=2000)]

    @model_validator(mode="after")
    def _each_sku_once(self) -> RecordCount:
        require_distinct_skus([line.sku for line in self.lines])
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        location = given.state(Count, self.count_id).location
        refs = list(CountCommand.reads(self, ctx, given))
        for line in self.lines:
            sku = stored_sku(line.sku, given)
            refs += [*product_refs(line.sku), (StockLevel, stock_key(sku, location))]
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        count = open_count(given, self.count_id, "recorded")
        lines = tuple(_counted(n, line, count, given) for n, line in enumerate(self.lines))
        others = sorted({line.sku for line in lines} - set(count.skus)) if count.skus else []
        if others:
            raise Refused(
                f"{', '.join(others)} is not part of the count. Create another count for it.",
                code="unknown_line",
                errors=[{"sku": sku} for sku in others],
            )
        require_own_stock([line.sku for line in lines], given, then="record it again")
        return [Change(CountRecorded(self.count_id, lines))]


def _counted(number: int, line: _CountedUnits, count: Count, given: Given) -> CountedLine:
    sku = stored_sku(line.sku, given)
    level = given.state(StockLevel, stock_key(sku, count.location))
    counted = quantity_of(line.counted, sku, given, f"lines.{number}.counted")
    return CountedLine(sku, counted, level.on_hand)
