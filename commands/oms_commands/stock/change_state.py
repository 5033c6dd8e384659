"""Putting units apart that cannot be sold, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AliasChoices, Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Code,
    LotName,
    OccurredAt,
    Quantity,
    RequiredText,
    Sku,
    Text,
)
from oms_commands.stock._stock_command import StockCommand
from oms_ledger.domain.catalogue.state import quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockStateChanged
from oms_ledger.domain.stock.movements import state_changed
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route

_State: TypeAlias = Literal["available", "damaged", "quarantine"]


@dataclass(frozen=True, slots=True, config=STRICT)
class ChangeStockState(StockCommand):
    """Mark units as damaged or put them into quarantine, or make them available again.

    They stay on hand, and are sold while they are available. Units that are promised to orders stay
    available. `lot` is required where the units are of a lot. `occurred_at` is when it was done, if
    that was earlier.
    """

    name: ClassVar[str] = "ChangeStockState"
    route: ClassVar[Route] = Route("POST", "/v1/stock/state")
    answer_type: ClassVar[type] = StockAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "sku": "85123A",
        "location": "LON",
        "from": "available",
        "to": "damaged",
        "quantity": 2,
        "reason": "Wet carton",
    }

    sku: Sku
    location: Code
    from_state: Annotated[_State, Field(validation_alias=AliasChoices("from_state", "from"))]
    to_state: Annotated[_State, Field(validation_alias=AliasChoices("to_state", "to"))]
    quantity: Quantity
    reason: RequiredText
    reference: Text | None = None
    lot: LotName | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _two_states(self) -> ChangeStockState:
        if self.from_state == self.to_state:
            raise ValueError("to_state: it is from_state; name another state")
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        event = StockStateChanged(
            sku,
            self.location,
            quantity_of(self.quantity, sku, given, "quantity"),
            self.from_state,
            self.to_state,
            self.reason,
            self.reference,
            self.lot,
        )
        level = given.state(StockLevel, stock_key(sku, self.location))
        return dated([state_changed(level, event)], self.occurred_at, ctx)
