"""Receiving goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    OccurredAt,
    Quantity,
    Sku,
    Text,
    check_amount,
)
from oms_commands.stock._stock_command import StockCommand, defined_on_the_fly
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.state import Product, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockReceived
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReceiveStock(StockCommand):
    """Receive goods at a location. A SKU never heard of is defined under its own name.

    `unit_cost` is in `currency`, which may be left out where the product has a cost already;
    `occurred_at` is when the goods came, if that was earlier. Many at once: a list under `items`.
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
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _cost_fits_its_currency(self) -> ReceiveStock:
        if self.unit_cost is not None and self.currency is not None:
            check_amount("unit_cost", self.unit_cost, self.currency)
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        cost = cost_of(self.unit_cost, self.currency, given.state(Product, sku))
        received = StockReceived(
            sku,
            self.location,
            self.quantity,
            self.reference,
            cost.minor if cost else None,
            cost.currency if cost else None,
        )
        changes = [*defined_on_the_fly(sku, given), Change(received)]
        return dated(changes, self.occurred_at, ctx)
