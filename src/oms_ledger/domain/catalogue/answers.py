"""Answers about products and locations, as types."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku, TextKind


class UnitOfMeasureAnswer(TypedDict):
    """What a product is measured in. One unit has 10 ** `decimals` steps, which all whole numbers
    of its quantities count."""

    code: Harmless
    decimals: int


class MeasuredAnswer(TypedDict):
    """Of a product with a unit of measure: the unit, and under the name of each quantity the same
    in this unit, as decimal text. Left out of other products."""

    unit_of_measure: NotRequired[UnitOfMeasureAnswer]
    in_unit: NotRequired[dict[str, Harmless]]


class ComponentAnswer(TypedDict):
    sku: Sku
    quantity: int


class SafetyStockAnswer(TypedDict):
    location: Harmless
    quantity: int


class PreorderTermsAnswer(TypedDict):
    """A product is sold before it is there until `available_at`, at most `cap` units of it."""

    available_at: Harmless
    cap: int


class PreorderAnswer(TypedDict):
    """`preordered` units were sold and not given up since. Without a preorder, `available_at` and
    `cap` are null."""

    sku: Sku
    available_at: Harmless | None
    cap: int | None
    preordered: int
    version: int


class SiteAnswer(TypedDict):
    """A place of business, so nothing personal."""

    line1: Harmless | None
    line2: Harmless | None
    city: Harmless | None
    region: Harmless | None
    postal_code: Harmless | None
    country: Harmless | None


class ProductDefinedAnswer(TypedDict):
    sku: Sku
    title: str
    stocked: bool
    weight_g: int | None
    unit_cost: str | None
    currency: Harmless | None
    backorder_limit: int | None
    safety_stock: int
    safety_stock_at: list[SafetyStockAnswer]
    preorder: PreorderTermsAnswer | None
    components: list[ComponentAnswer]
    sensitive: bool
    category: str | None
    unit_of_measure: UnitOfMeasureAnswer | None
    version: int


class ProductAnswer(ProductDefinedAnswer):
    dimensions_mm: dict[str, int] | None
    updated_at: Harmless


class ProductsAnswer(TypedDict):
    items: list[ProductAnswer]
    next_cursor: Harmless | None


class LocationDefinedAnswer(TypedDict):
    code: Harmless
    name: Harmless
    type: Annotated[Literal["warehouse", "store", "3pl"], TextKind.HARMLESS]
    address: SiteAnswer
    priority: int
    daily_capacity: int | None
    latitude: float | None
    longitude: float | None
    closed: bool
    version: int


class LocationAnswer(LocationDefinedAnswer):
    updated_at: Harmless


class LocationsAnswer(TypedDict):
    items: list[LocationAnswer]
    next_cursor: None
