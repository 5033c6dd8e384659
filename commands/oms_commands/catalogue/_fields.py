"""Fields of products and locations in a request."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Count,
    Country,
    Quantity,
    Sku,
    Text,
)


@dataclass(frozen=True, slots=True, config=STRICT)
class DimensionFields:
    length: Count
    width: Count
    height: Count


@dataclass(frozen=True, slots=True, config=STRICT)
class ComponentFields:
    sku: Sku
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class SiteFields:
    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Country | None = None
