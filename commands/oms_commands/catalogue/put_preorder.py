"""Selling a product before it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec.structs import replace
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Quantity, Sku, Time
from oms_commands.catalogue._preorder_command import PreorderCommand
from oms_ledger.domain.catalogue.events import Preorder
from oms_ledger.domain.catalogue.state import stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_product
from oms_ledger.domain.units import steps_of
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutPreorder(PreorderCommand):
    """Sell a product before it is there: until `available_at`, and at most `cap` units.

    What an order lacks in stock is then sold as a preorder, whether or not it allows backorders: it
    waits with the backorders, gets stock as they do, and is promised for after `available_at`.
    Cancelled units can be sold again; units that got stock still count. The same again with another
    time moves the promise of the orders that wait. For another delivery, end the preorder first and
    begin a new one, of which no unit is sold yet.
    """

    name: ClassVar[str] = "PutPreorder"
    route: ClassVar[Route] = Route("PUT", "/v1/products/{sku}/preorder")
    example: ClassVar[Mapping[str, Json]] = {"available_at": "2099-03-01T00:00:00Z", "cap": 100}

    sku: Sku
    available_at: Time
    cap: Quantity

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        product = existing_product(stored_sku(self.sku, given), given)
        if product.components or not product.stocked:
            raise Refused(
                f"{product.sku} is a kit or no goods, and has no stock to wait for. Sell the"
                " components of a kit as preorders instead, as products of their own.",
                code="not_stocked",
                errors=[{"sku": product.sku}],
            )
        cap, before = steps_of(self.cap, product.unit, "cap"), product.preorder
        preorder_id = before.preorder_id if before is not None else ctx.command_id
        event = replace(product, preorder=Preorder(preorder_id, self.available_at, cap))
        return [] if event == product else [Change(event)]
