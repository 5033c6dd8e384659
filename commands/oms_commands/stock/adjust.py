"""Correcting what the shelf holds, for a stated reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Balance,
    Code,
    LotName,
    OccurredAt,
    QuantityChange,
    QuantityOrZero,
    RequiredText,
    Sku,
    Text,
)
from oms_commands.stock._stock_command import (
    StockCommand,
    defined_on_the_fly,
    lot_refs,
    refuse_if_short,
)
from oms_ledger.domain.catalogue.state import Product, quantity_of, stored_sku
from oms_ledger.domain.errors import Conflict
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockAdjusted, StockStateChanged
from oms_ledger.domain.stock.lots import taken
from oms_ledger.domain.stock.movements import (
    lots_changed,
    lots_of_adjustment,
    state_changed,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.times import dated
from oms_ledger.domain.units import quantity_text, scaled
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AdjustStock(StockCommand):
    """Correct a balance by `change`, or to `set_to`. The reason is kept with it.

    With `expected_on_hand` it happens only if the balance is still what the caller saw;
    `occurred_at` is when the shelf really changed, if that was earlier. `lot` is the lot of the
    units; without it units of no lot are taken first, then those that expire first. With `state`
    units are taken that are damaged or in quarantine, as when they are scrapped. Many
    at once: a list under `items`, each on its own merits.
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
    change: QuantityChange | None = None
    set_to: QuantityOrZero | None = None
    expected_on_hand: Balance | None = None
    reference: Text | None = None
    lot: LotName | None = None
    state: Literal["available", "damaged", "quarantine"] = "available"
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _one_of_two(self) -> AdjustStock:
        if (self.change is None) == (self.set_to is None):
            raise ValueError("change: give either change or set_to")
        if self.state != "available" and (self.change is None or self.change >= 0):
            raise ValueError(f"state: only units that are available are added; take {self.state}"
                             " ones away with a change below 0")  # fmt: skip
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [*StockCommand.reads(self, ctx, given), *lot_refs(self.sku, self.lot, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        key = stock_key(sku, self.location)
        on_hand = given.state(StockLevel, key).on_hand
        self._check_expected(sku, on_hand, given)
        if self.set_to is None:
            change = quantity_of(self.change or 0, sku, given, "change")
        else:
            change = quantity_of(self.set_to, sku, given, "set_to") - on_hand
        if not change:
            return ()
        changes = [*defined_on_the_fly(sku, given), *self._adjusted(sku, change, given)]
        return dated(changes, self.occurred_at, ctx)

    def _check_expected(self, sku: str, on_hand: int, given: Given) -> None:
        """`Conflict` where the balance is not what the caller saw."""
        unit = given.state(Product, sku).unit
        expected = self.expected_on_hand
        if expected is not None and scaled(expected, unit) != on_hand:
            raise Conflict(
                f"{sku} at {self.location} has {quantity_text(on_hand, unit)} on hand, not"
                f" {expected}. Count again and decide anew."
            )

    def _adjusted(self, sku: str, change: int, given: Given) -> list[Change]:
        level = given.state(StockLevel, stock_key(sku, self.location))
        event = Change(StockAdjusted(sku, self.location, change, self.reason, self.reference))
        if self.state != "available":
            back = StockStateChanged(
                sku,
                self.location,
                -change,
                self.state,
                "available",
                self.reason,
                self.reference,
                self.lot,
            )
            available = state_changed(level, back)
            lots = [] if self.lot is None else list(taken({self.lot: -change}, level.lots))
            return [available, *lots_changed(sku, self.location, lots, self.reference), event]
        refuse_if_short(sku, self.location, change, given, self.lot)
        lots = lots_of_adjustment(level, sku, self.location, change, self.lot, given)
        return [*lots_changed(sku, self.location, lots, self.reference), event]
