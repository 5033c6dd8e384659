"""Correcting what the shelf holds, for a stated reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Count, OccurredAt, RequiredText, Sku, Text
from oms_commands.stock._stock_command import StockCommand, defined_on_the_fly, refuse_if_short
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.errors import Conflict
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AdjustStock(StockCommand):
    """Correct a balance by `change`, or to `set_to`. The reason is kept with it.

    With `expected_on_hand` it happens only if the balance is still what the caller saw;
    `occurred_at` is when the shelf really changed, if that was earlier. Many at once: a list under
    `items`, each on its own merits.
    """

    name: ClassVar[str] = "AdjustStock"
    route: ClassVar[Route] = Route("POST", "/v1/stock/adjustments", many="items", at_most=10_000)
    answer_type: ClassVar[type] = StockAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "sku": "85123A",
        "location": "LON",
        "change": -2,
        "reason": "damaged",
    }

    sku: Sku
    location: Code
    reason: RequiredText
    change: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000, strict=True)] | None = None
    set_to: Count | None = None
    expected_on_hand: int | None = None
    reference: Text | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _one_of_two(self) -> AdjustStock:
        if (self.change is None) == (self.set_to is None):
            raise ValueError("change: give either change or set_to")
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        key = stock_key(sku, self.location)
        on_hand = given.state(StockLevel, key).on_hand
        if self.expected_on_hand is not None and self.expected_on_hand != on_hand:
            raise Conflict(
                f"{sku} at {self.location} has {on_hand} on hand, not"
                f" {self.expected_on_hand}. Count again and decide anew."
            )
        change = self.change if self.set_to is None else self.set_to - on_hand
        if not change:
            return ()
        refuse_if_short(sku, self.location, change, given)
        event = StockAdjusted(sku, self.location, change, self.reason, self.reference)
        changes = [*defined_on_the_fly(sku, given), Change(event)]
        return dated(changes, self.occurred_at, ctx)
