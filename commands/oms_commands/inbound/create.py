"""Announcing a delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
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
    Time,
    require_distinct_skus,
)
from oms_commands.stock._stock_command import defined_on_the_fly, stock_refs
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.state import Product, quantity_of, stored_sku
from oms_ledger.domain.guards import require_location
from oms_ledger.domain.inbound.answers import InboundAnswer
from oms_ledger.domain.inbound.events import InboundCreated, InboundLine
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.inbound.views import inbound_view
from oms_ledger.domain.stock.events import IncomingStockAdded
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class _ExpectedLine:
    """`unit_cost` is in `currency`, which may be left out where the product has a cost already."""

    sku: Sku
    quantity: Quantity
    unit_cost: Amount | None = None
    currency: Currency | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class CreateInbound(Command):
    """Announce a delivery of a supplier. Its units are incoming until they are received.

    `expected_at` is when it is to come. A SKU that was never defined is defined under its own name.
    """

    name: ClassVar[str] = "CreateInbound"
    route: ClassVar[Route] = Route("POST", "/v1/inbound", 201)
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = InboundAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "location": "LON",
        "expected_at": "2026-02-01T09:00:00Z",
        "supplier": "Lamps Ltd",
        "reference": "PO-8",
        "lines": [{"sku": "85123A", "quantity": 200, "unit_cost": "1.10", "currency": "GBP"}],
    }

    location: Code
    expected_at: Time
    lines: Annotated[tuple[_ExpectedLine, ...], Field(min_length=1, max_length=2000)]
    supplier: Text | None = None
    reference: Text | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _each_sku_once(self) -> CreateInbound:
        require_distinct_skus([line.sku for line in self.lines])
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [ref for line in self.lines for ref in stock_refs(line.sku, self.location, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        inbound_id = ctx.command_id
        lines = tuple(self._line(n, line, given) for n, line in enumerate(self.lines))
        created = InboundCreated(
            inbound_id, self.location, self.expected_at, lines, self.supplier, self.reference
        )
        changes = [Change(created)]
        for line in lines:
            changes += defined_on_the_fly(line.sku, given)
            incoming = IncomingStockAdded(
                line.sku, self.location, line.quantity, inbound_id, self.expected_at
            )
            changes.append(Change(incoming))
        return dated(changes, self.occurred_at, ctx)

    def _line(self, number: int, line: _ExpectedLine, given: Given) -> InboundLine:
        sku = stored_sku(line.sku, given)
        quantity = quantity_of(line.quantity, sku, given, f"lines.{number}.quantity")
        cost = cost_of(line.unit_cost, line.currency, given.state(Product, sku))
        minor, currency = (cost.minor, cost.currency) if cost else (None, None)
        return InboundLine(sku, quantity, minor, currency)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return inbound_view(ctx.command_id, given.state(Inbound, ctx.command_id))
