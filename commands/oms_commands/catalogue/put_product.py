"""Defining a product, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    COMPOSED,
    STRICT,
    Amount,
    Count,
    Currency,
    Name,
    Sku,
    check_amount,
)
from oms_commands.catalogue._fields import ComponentFields, DimensionFields
from oms_ledger.domain.catalogue.answers import ProductDefinedAnswer
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.events import Dimensions, ProductDefined
from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.money import to_text
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutProduct(Command):
    """Define what is sold. With `stocked: false` it is a service or a fee, which is charged and
    never shipped.

    `safety_stock` units stay unsold at every location; `backorder_limit` bounds what may be
    promised without being there. `unit_cost` is in `currency`, which may be left out where the
    product has a cost already. Orders of what is `sensitive` are health data; a definition that
    does not say leaves it as it is. Return policies go by `category`.
    """

    name: ClassVar[str] = "PutProduct"
    route: ClassVar[Route] = Route("PUT", "/v1/products/{sku}")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = ProductDefinedAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "title": "White hanging heart t-light holder",
        "weight_g": 250,
        "dimensions_mm": {"length": 120, "width": 80, "height": 60},
        "unit_cost": "1.20",
        "currency": "GBP",
        "safety_stock": 2,
    }

    sku: Sku
    title: Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE), COMPOSED]
    stocked: bool = True
    weight_g: Count | None = None
    dimensions_mm: DimensionFields | None = None
    unit_cost: Amount | None = None
    currency: Currency | None = None
    backorder_limit: Count | None = None
    safety_stock: Count = 0
    components: tuple[ComponentFields, ...] = ()
    sensitive: bool | None = None
    category: Name | None = None

    @model_validator(mode="after")
    def _can_be_kept(self) -> PutProduct:
        if self.unit_cost is not None and self.currency is not None:
            check_amount("unit_cost", self.unit_cost, self.currency)
        if self.components:
            raise ValueError("components: kits are not supported; leave the list empty")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return product_refs(self.sku)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        size, product = self.dimensions_mm, given.state(Product, sku)
        event = ProductDefined(
            sku=sku,
            title=self.title,
            stocked=self.stocked,
            weight_g=self.weight_g,
            dimensions_mm=Dimensions(size.length, size.width, size.height) if size else None,
            unit_cost=cost_of(self.unit_cost, self.currency, product),
            backorder_limit=self.backorder_limit,
            safety_stock=self.safety_stock,
            sensitive=product.sensitive if self.sensitive is None else self.sensitive,
            product_category=self.category,
        )
        if event == product.defined:
            return ()
        return [Change(event)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        product = given.state(Product, stored_sku(self.sku, given))
        defined = product.defined
        assert defined is not None
        cost = defined.unit_cost
        return {
            "sku": defined.sku,
            "title": defined.title,
            "stocked": defined.stocked,
            "weight_g": defined.weight_g,
            "unit_cost": to_text(cost.minor, cost.currency) if cost else None,
            "currency": cost.currency if cost else None,
            "backorder_limit": defined.backorder_limit,
            "safety_stock": defined.safety_stock,
            "sensitive": defined.sensitive,
            "category": defined.product_category,
            "version": product.version,
        }
