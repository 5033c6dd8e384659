"""Setting the safety stock of a product at one location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from msgspec.structs import replace
from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, QuantityOrZero, Sku
from oms_ledger.domain.catalogue.answers import ProductDefinedAnswer
from oms_ledger.domain.catalogue.events import SafetyStock
from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.catalogue.views import product_view
from oms_ledger.domain.guards import existing_product, require_location
from oms_ledger.domain.units import steps_of
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutSafetyStock(Command):
    """Set how many units of a product stay unsold at one location.

    They are on hand and can be moved, counted and shipped to orders that have them already, but are
    promised to nobody. null: as at locations without a safety stock of their own, which have the
    product's `safety_stock`. Defining the product anew leaves it as it is.
    """

    name: ClassVar[str] = "PutSafetyStock"
    route: ClassVar[Route] = Route("PUT", "/v1/products/{sku}/safety-stock/{code}")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = ProductDefinedAnswer
    example: ClassVar[Mapping[str, Json]] = {"quantity": 3}

    sku: Sku
    code: Code
    quantity: Annotated[
        QuantityOrZero | None, Field(description="Units; null: the product's own number.")
    ]

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return product_refs(self.sku)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        product = existing_product(stored_sku(self.sku, given), given)
        require_location(given, self.code)
        kept = {each.location: each for each in product.safety_stock_at}
        kept.pop(self.code, None)
        if self.quantity is not None:
            units = steps_of(self.quantity, product.unit, "quantity")
            kept[self.code] = SafetyStock(self.code, units)
        event = replace(product, safety_stock_at=tuple(kept[code] for code in sorted(kept)))
        return [] if event == product else [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return product_view(given.state(Product, stored_sku(self.sku, given)))
