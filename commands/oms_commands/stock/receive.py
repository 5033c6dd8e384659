"""Receiving goods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Day,
    LotName,
    OccurredAt,
    Quantity,
    Sku,
    Text,
    check_amount,
)
from oms_commands.stock._stock_command import StockCommand, defined_on_the_fly, lot_refs
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.state import Product, quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.domain.stock.movements import LotReceipts, day_of, lots_changed
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceiveStock(StockCommand):
    """Receive goods at a location. A SKU never heard of is defined under its own name.

    `unit_cost` is in `currency`, which may be left out where the product has a cost already;
    `occurred_at` is when the goods came, if that was earlier. Many at once: a list under `items`.
    `lot` is the lot of all of them, and `expires_on` the last day on which it can be used.
    """

    name: ClassVar[str] = "ReceiveStock"
    route: ClassVar[Route] = Route("POST", "/v1/stock/receipts", many="items", at_most=10_000)
    answer_type: ClassVar[type] = StockAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "sku": "85123A",
        "location": "LON",
        "quantity": 100,
        "reference": "PO-7",
        "unit_cost": "1.20",
        "currency": "GBP",
    }

    sku: Sku
    location: Code
    quantity: Quantity
    reference: Text | None = None
    unit_cost: Amount | None = None
    currency: Currency | None = None
    lot: LotName | None = None
    expires_on: Day | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _cost_fits_its_currency(self) -> ReceiveStock:
        if self.unit_cost is not None and self.currency is not None:
            check_amount("unit_cost", self.unit_cost, self.currency)
        return self

    @model_validator(mode="after")
    def _lots_expire(self) -> ReceiveStock:
        if self.expires_on is not None and self.lot is None:
            raise ValueError("lot: name the lot that expires_on is of")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [*StockCommand.reads(self, ctx, given), *lot_refs(self.sku, self.lot, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        units = quantity_of(self.quantity, sku, given, "quantity")
        cost = cost_of(self.unit_cost, self.currency, given.state(Product, sku))
        received = StockReceived(
            sku,
            self.location,
            units,
            self.reference,
            cost.minor if cost else None,
            cost.currency if cost else None,
        )
        changes = [*defined_on_the_fly(sku, given), Change(received)]
        if self.lot is not None:
            lots = LotReceipts(day_of(self.occurred_at or ctx.now), given)
            defined, change = lots.receive(sku, self.lot, units, self.expires_on)
            changes += [*defined, *lots_changed(sku, self.location, [change], self.reference)]
        return dated(changes, self.occurred_at, ctx)
