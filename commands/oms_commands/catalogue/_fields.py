"""Fields of products and locations in a request."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Code,
    Count,
    Country,
    Quantity,
    Sku,
    Text,
)
from oms_ledger.domain.units import DECIMALS_MAX


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
class UnitOfMeasureFields:
    """`code` is one of UN/CEFACT recommendation 20, such as KGM, or a plain one, such as kg."""

    code: Code
    decimals: Annotated[int, Field(ge=0, le=DECIMALS_MAX, strict=True)]


@dataclass(frozen=True, slots=True, config=STRICT)
class SiteFields:
    line1: Text | None = None
    line2: Text | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: Text | None = None
    country: Country | None = None
