"""Moving stock between two locations, in one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, OccurredAt, Quantity, Sku, Text
from oms_commands.stock._stock_command import refuse_if_short, stock_answer, stock_refs
from oms_ledger.domain.catalogue.state import quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.answers import MovedAnswer
from oms_ledger.domain.stock.events import StockMovedIn, StockMovedOut
from oms_ledger.domain.stock.movements import arriving, day_of, lots_changed, picked_lots
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class TransferStock(Command):
    """Move free units from one location to another; answers with both balances.

    Of lots those leave first that expire first.
    `occurred_at` is when they were moved, if that was earlier.
    """

    name: ClassVar[str] = "TransferStock"
    route: ClassVar[Route] = Route("POST", "/v1/stock/transfers")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = MovedAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "sku": "85123A",
        "from": "LON",
        "to": "MAN",
        "quantity": 5,
    }

    sku: Sku
    from_location: Annotated[Code, Field(validation_alias=AliasChoices("from_location", "from"))]
    to_location: Annotated[Code, Field(validation_alias=AliasChoices("to_location", "to"))]
    quantity: Quantity
    reference: Text | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _two_places(self) -> TransferStock:
        if self.from_location == self.to_location:
            raise ValueError("to_location: it is from_location; name another place")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        places = (self.from_location, self.to_location)
        return [ref for place in places for ref in stock_refs(self.sku, place, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        here, there = self.from_location, self.to_location
        require_location(given, here)
        require_location(given, there)
        units = quantity_of(self.quantity, sku, given, "quantity")
        refuse_if_short(sku, here, -units, given)
        level = given.state(StockLevel, stock_key(sku, here))
        day = day_of(self.occurred_at or ctx.now)
        lots = picked_lots(level, sku, here, units, day, {})
        changes = [
            *lots_changed(sku, here, lots, self.reference),
            Change(StockMovedOut(sku, here, units, there, self.reference)),
            Change(StockMovedIn(sku, there, units, here, self.reference)),
            *lots_changed(sku, there, arriving(lots), self.reference),
        ]
        return dated(changes, self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {
            "from": stock_answer(self.sku, self.from_location, given),
            "to": stock_answer(self.sku, self.to_location, given),
        }
