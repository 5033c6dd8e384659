"""Defining a product, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Count,
    Currency,
    Name,
    RequiredText,
    Sku,
    check_amount,
)
from oms_commands.catalogue._fields import ComponentFields, DimensionFields
from oms_ledger.domain.catalogue.answers import ProductDefinedAnswer
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.events import Component, Dimensions, Preorder, ProductDefined
from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.catalogue.views import product_view
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import stock_group
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Command, Context, Given, Json, KeyGroup, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutProduct(Command):
    """Define what is sold. With `stocked: false` it is a service or a fee, which is charged and
    never shipped.

    `safety_stock` units stay unsold at every location that has no number of its own (PUT
    /v1/products/{sku}/safety-stock/{code}), which stays as it is; `backorder_limit` bounds what may
    be promised without being there. `unit_cost` is in `currency`, which may be left out where the
    product has a cost already. A product with `components` is a kit: one line of it takes their
    stock, and it has none of its own. Orders of what is `sensitive` are health data; a definition
    that does not say leaves it as it is. Return policies go by `category`.
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
    title: RequiredText
    stocked: bool = True
    weight_g: Count | None = None
    dimensions_mm: DimensionFields | None = None
    unit_cost: Amount | None = None
    currency: Currency | None = None
    backorder_limit: Count | None = None
    safety_stock: Count = 0
    components: Annotated[tuple[ComponentFields, ...], Field(max_length=100)] = ()
    sensitive: bool | None = None
    category: Name | None = None

    @model_validator(mode="after")
    def _can_be_kept(self) -> PutProduct:
        if self.unit_cost is not None and self.currency is not None:
            check_amount("unit_cost", self.unit_cost, self.currency)
        if len({each.sku for each in self.components}) < len(self.components):
            raise ValueError("components: name each SKU once, with all units that a kit has of it")
        if self.components and not self.stocked:
            raise ValueError("stocked: a kit is made of goods; leave stocked out, or components")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [ref for each in self.components for ref in product_refs(each.sku)]
        if self.components:
            refs.append((StockLevel, KeyGroup(stock_group(stored_sku(self.sku, given)))))
        return [*product_refs(self.sku), *refs]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        size, product = self.dimensions_mm, given.state(Product, sku)
        components = self._kit(sku, given)
        event = ProductDefined(
            sku=sku,
            title=self.title,
            stocked=self.stocked,
            weight_g=self.weight_g,
            dimensions_mm=Dimensions(size.length, size.width, size.height) if size else None,
            unit_cost=cost_of(self.unit_cost, self.currency, product),
            backorder_limit=self.backorder_limit,
            safety_stock=self.safety_stock,
            components=components,
            sensitive=product.sensitive if self.sensitive is None else self.sensitive,
            product_category=self.category,
            preorder=self._preorder(product),
            safety_stock_at=product.defined.safety_stock_at if product.defined else (),
        )
        if event == product.defined:
            return ()
        return [Change(event)]

    def _preorder(self, product: Product) -> Preorder | None:
        """As it is; none of a kit and of what is no goods."""
        if product.defined is None or self.components or not self.stocked:
            return None
        return product.defined.preorder

    def _kit(self, sku: str, given: Given) -> tuple[Component, ...]:
        """The components as they are kept. `Refused` with `bad_component` where one is unknown, no
        goods or a kit itself, and with `has_stock` where there is stock of the kit's own SKU."""
        kept = tuple(
            Component(stored_sku(each.sku, given), each.quantity) for each in self.components
        )
        faults: list[dict[str, Json]] = []
        for each in kept:
            part = given.state(Product, each.sku).defined
            if part is None or not part.stocked or part.components or each.sku == sku:
                faults.append({"sku": each.sku})
        if faults:
            skus = ", ".join(str(fault["sku"]) for fault in faults)
            raise Refused(
                f"{skus} cannot be a component: it has to be defined, stocked and no kit itself."
                " Define it first, or name the components of that kit.",
                code="bad_component",
                errors=faults,
            )
        levels = given.group(StockLevel, stock_group(sku)).values() if kept else ()
        if any(level.on_hand or level.backordered for level in levels):
            raise Refused(
                f"There is stock of {sku} itself, or orders wait for it, and a kit has none of its"
                " own. Adjust it to 0 first, or give the kit another SKU.",
                code="has_stock",
                errors=[{"sku": sku}],
            )
        return kept

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return product_view(given.state(Product, stored_sku(self.sku, given)))
