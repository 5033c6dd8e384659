"""Answers about products and locations, as types."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class ProductDefinedAnswer(TypedDict):
    sku: str
    title: str
    stocked: bool
    weight_g: int | None
    unit_cost: str | None
    currency: str | None
    backorder_limit: int | None
    safety_stock: int
    sensitive: bool
    category: str | None
    version: int


class ProductAnswer(ProductDefinedAnswer):
    dimensions_mm: dict[str, int] | None
    components: list[dict[str, object]]
    updated_at: str


class ProductsAnswer(TypedDict):
    items: list[ProductAnswer]
    next_cursor: str | None


class LocationDefinedAnswer(TypedDict):
    code: str
    name: str
    type: Literal["warehouse", "store", "3pl"]
    address: dict[str, str | None]
    priority: int
    daily_capacity: int | None
    version: int


class LocationAnswer(LocationDefinedAnswer):
    updated_at: str


class LocationsAnswer(TypedDict):
    items: list[LocationAnswer]
    next_cursor: None
