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
    QuantityOrZero,
    RequiredText,
    Sku,
    check_amount,
)
from oms_commands.catalogue._fields import ComponentFields, DimensionFields, UnitOfMeasureFields
from oms_ledger.domain.catalogue.answers import ProductDefinedAnswer
from oms_ledger.domain.catalogue.costs import cost_of
from oms_ledger.domain.catalogue.events import Component, Dimensions, Preorder, ProductDefined
from oms_ledger.domain.catalogue.state import Product, product_refs, quantity_of, stored_sku
from oms_ledger.domain.catalogue.views import product_view
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import stock_group
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.units import UnitOfMeasure, decimals_of, steps_of
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

    With a `unit_of_measure` it is sold by weight or length: quantities are text in this unit, with
    at most `decimals` decimals, and prices and `unit_cost` are those of one whole unit. Answers
    count its smallest steps. The decimals are those of the first definition for ever, since all
    that is stored is counted so; a definition that does not say leaves the unit as it is.
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
    backorder_limit: QuantityOrZero | None = None
    safety_stock: QuantityOrZero = 0
    components: Annotated[tuple[ComponentFields, ...], Field(max_length=100)] = ()
    sensitive: bool | None = None
    category: Name | None = None
    unit_of_measure: UnitOfMeasureFields | None = None

    @model_validator(mode="after")
    def _can_be_kept(self) -> PutProduct:
        if self.unit_cost is not None and self.currency is not None:
            check_amount("unit_cost", self.unit_cost, self.currency)
        if len({each.sku for each in self.components}) < len(self.components):
            raise ValueError("components: name each SKU once, with all units that a kit has of it")
        if self.components and not self.stocked:
            raise ValueError("stocked: a kit is made of goods; leave stocked out, or components")
        if self.components and self.unit_of_measure is not None:
            raise ValueError("unit_of_measure: a kit is sold in pieces; leave it out")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = [ref for each in self.components for ref in product_refs(each.sku)]
        if self.components:
            refs.append((StockLevel, KeyGroup(stock_group(stored_sku(self.sku, given)))))
        return [*product_refs(self.sku), *refs]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        sku = stored_sku(self.sku, given)
        size, product = self.dimensions_mm, given.state(Product, sku)
        components, unit = self._kit(sku, given), self._unit(sku, product)
        event = ProductDefined(
            sku=sku,
            title=self.title,
            stocked=self.stocked,
            weight_g=self.weight_g,
            dimensions_mm=Dimensions(size.length, size.width, size.height) if size else None,
            unit_cost=cost_of(self.unit_cost, self.currency, product),
            backorder_limit=None
            if self.backorder_limit is None
            else steps_of(self.backorder_limit, unit, "backorder_limit"),
            safety_stock=steps_of(self.safety_stock, unit, "safety_stock"),
            components=components,
            sensitive=product.sensitive if self.sensitive is None else self.sensitive,
            product_category=self.category,
            preorder=self._preorder(product),
            safety_stock_at=product.defined.safety_stock_at if product.defined else (),
            unit=unit,
        )
        if event == product.defined:
            return ()
        return [Change(event)]

    def _unit(self, sku: str, product: Product) -> UnitOfMeasure | None:
        """The unit as it is wanted or was. `Refused` with `unit_is_fixed` where it has not the
        decimals of the first definition."""
        fields, before = self.unit_of_measure, product.unit
        unit = UnitOfMeasure(fields.code, fields.decimals) if fields else before
        if self.components:
            unit = None
        if product.defined is None or decimals_of(unit) == decimals_of(before):
            return unit
        raise Refused(
            f"{sku} was defined with {decimals_of(before)} decimals, and what is stored of it is"
            " counted so. Leave `unit_of_measure` out, or define another SKU with it.",
            code="unit_is_fixed",
            errors=[{"sku": sku}],
        )

    def _preorder(self, product: Product) -> Preorder | None:
        """As it is; none of a kit and of what is no goods."""
        if product.defined is None or self.components or not self.stocked:
            return None
        return product.defined.preorder

    def _kit(self, sku: str, given: Given) -> tuple[Component, ...]:
        """The components as they are kept. `Refused` with `bad_component` where one is unknown, no
        goods or a kit itself, and with `has_stock` where there is stock of the kit's own SKU."""
        kept = tuple(
            Component(each, quantity_of(fields.quantity, each, given, f"components.{n}.quantity"))
            for n, fields in enumerate(self.components)
            for each in [stored_sku(fields.sku, given)]
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
