"""Putting sold goods back on the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt, Quantity, Sku, Text
from oms_commands.stock._stock_command import StockCommand, defined_on_the_fly, stock_refs
from oms_ledger.domain.catalogue.state import quantity_of, stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order, quantities, require_location
from oms_ledger.domain.orders.events import UnitsReturned
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.answers import StockAnswer
from oms_ledger.domain.stock.events import StockReturned
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReturnStock(StockCommand):
    """Put returned goods back on the shelf, against the order line they were sold by, or blind.

    With `order_id` and `line_id` at most what was shipped and has not come back;
    `occurred_at` is when they came, if that was earlier.
    """

    name: ClassVar[str] = "ReturnStock"
    route: ClassVar[Route] = Route("POST", "/v1/stock/returns")
    answer_type: ClassVar[type] = StockAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "sku": "85123A",
        "location": "LON",
        "quantity": 1,
        "reference": "RMA-3",
    }

    sku: Sku
    location: Code
    quantity: Quantity
    reference: Text | None = None
    customer_id: Id | None = None
    order_id: Id | None = None
    line_id: Id | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _a_line_belongs_to_an_order(self) -> ReturnStock:
        if (self.order_id is None) != (self.line_id is None):
            raise ValueError("line_id: give order_id and line_id, or neither")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order: list[Ref] = [] if self.order_id is None else [(Order, self.order_id)]
        return [*stock_refs(self.sku, self.location, given), *order]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        require_location(given, self.location)
        sku = stored_sku(self.sku, given)
        quantity = quantity_of(self.quantity, sku, given, "quantity")
        returned = StockReturned(
            sku,
            self.location,
            quantity,
            self.reference,
            self.customer_id,
            self.order_id,
        )
        changes = [*defined_on_the_fly(sku, given), Change(returned)]
        if self.order_id is not None and self.line_id is not None:
            order = existing_order(given, self.order_id)
            _check_line(order, self.line_id, sku, quantity)
            units = quantities([(self.line_id, quantity)])
            changes.insert(0, Change(UnitsReturned(self.order_id, self.reference, units)))
        return dated(changes, self.occurred_at, ctx)


def _check_line(order: Order, line_id: str, sku: str, quantity: int) -> None:
    progress = order.lines.get(line_id)
    sold = progress is not None and progress.line.sku == sku
    out = progress.shipped - progress.returned if progress and sold else 0
    if quantity > out:
        raise Refused(
            f"Line {line_id} has {out} units of {sku} that were shipped and have not"
            " come back. Return fewer, or book the rest without an order.",
            code="nothing_to_return",
            errors=[
                {
                    "line": line_id,
                    "sku": sku,
                    "requested": quantity,
                    "available": out,
                }
            ],
        )
