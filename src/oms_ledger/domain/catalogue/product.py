"""What is sold. `stocked` tells goods from services and fees (postage, bank charges)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from oms_ledger.domain.money import Money
from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Outer size in millimetres."""

    length: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Component:
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ProductDefined(Event):
    """`backorder_limit` None means no limit; `safety_stock` units stay unsold at every
    location. Whoever orders what is `sensitive` says something of their health by it."""

    type: ClassVar[str] = "product.defined.v2"
    sku: str
    title: str
    stocked: bool
    weight_g: int | None = None
    dimensions_mm: Dimensions | None = None
    unit_cost: Money | None = None
    backorder_limit: int | None = None
    safety_stock: int = 0
    components: tuple[Component, ...] = ()
    sensitive: bool = False


@dataclass(slots=True)
class Product(State):
    category: ClassVar[str] = "product"
    version: int = 0
    defined: ProductDefined | None = None

    @property
    def sensitive(self) -> bool:
        return self.defined is not None and self.defined.sensitive

    def apply(self, event: Event) -> None:
        if not isinstance(event, ProductDefined):
            raise TypeError(f"{event.type} does not belong to a product")
        self.defined = event
