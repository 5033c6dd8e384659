"""The states of products, locations and channels."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from oms_ledger.domain.catalogue.events import (
    LocationDefined,
    NumbersPassed,
    OrderNumberClaimed,
    OrderNumbered,
    Preorder,
    ProductDefined,
)
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.texts import forms
from oms_ledger.domain.units import UnitOfMeasure, steps_of
from oms_ledger.kernel import Event, Given, Ref, State


@dataclass(slots=True)
class Channel(State):
    """`last_sequence` is that of the newest number that the channel has given, `passed` the highest
    that an imported order has. `spellings` are those with capitals that the channel had in older
    orders, whose ids follow from them."""

    category: ClassVar[str] = "channel"
    version: int = 0
    last_sequence: int = 0
    spellings: list[str] = field(default_factory=list)
    passed: int = 0

    @property
    def next_sequence(self) -> int:
        return max(self.last_sequence, self.passed) + 1

    def apply(self, event: Event) -> None:
        match event:
            case NumbersPassed():
                self.passed = max(self.passed, event.sequence)
            case OrderNumbered():
                self._numbered(event)
            case _:
                raise TypeError(f"{event.type} does not belong to a channel")

    def _numbered(self, event: OrderNumbered) -> None:
        self.last_sequence = event.sequence
        if event.channel != channel_key(event.channel) and event.channel not in self.spellings:
            self.spellings.append(event.channel)


@dataclass(slots=True)
class OrderNumber(State):
    """A number that an imported order has brought along."""

    category: ClassVar[str] = "order_number"
    version: int = 0
    claimed: OrderNumberClaimed | None = None

    def apply(self, event: Event) -> None:
        if not isinstance(event, OrderNumberClaimed):
            raise TypeError(f"{event.type} does not belong to an order number")
        self.claimed = event


def order_number(channel: str, sequence: int) -> str:
    """The number people quote: `WEB-000042`."""
    return f"{first_number_of(channel)}{sequence:06d}"


def first_number_of(channel: str) -> str:
    """What the numbers of a channel begin with; it sorts before all of them."""
    return f"{channel.upper()}-"


@dataclass(slots=True)
class Location(State):
    category: ClassVar[str] = "location"
    all_cached: ClassVar[bool] = True
    version: int = 0
    defined: LocationDefined | None = None

    @property
    def closed(self) -> bool:
        return self.defined is not None and self.defined.closed

    def apply(self, event: Event) -> None:
        if not isinstance(event, LocationDefined):
            raise TypeError(f"{event.type} does not belong to a location")
        self.defined = event


@dataclass(slots=True)
class Product(State):
    category: ClassVar[str] = "product"
    version: int = 0
    defined: ProductDefined | None = None

    @property
    def sensitive(self) -> bool:
        return self.defined is not None and self.defined.sensitive

    @property
    def preorder(self) -> Preorder | None:
        """The preorder of the product, which may be over."""
        return None if self.defined is None else self.defined.preorder

    @property
    def unit(self) -> UnitOfMeasure | None:
        """What quantities of the product are steps of; None: they are pieces."""
        return None if self.defined is None else self.defined.unit

    def safety_stock_of(self, location: str) -> int:
        """Units that stay unsold at a location."""
        return 0 if self.defined is None else self.defined.safety_stock_of(location)

    def apply(self, event: Event) -> None:
        if not isinstance(event, ProductDefined):
            raise TypeError(f"{event.type} does not belong to a product")
        self.defined = event


def product_refs(sku: str) -> list[Ref]:
    """The product of a SKU, in each form that `stored_sku` looks for."""
    return [(Product, sku)] if sku.isascii() else [(Product, form) for form in forms(sku)]


def stored_sku(sku: str, given: Given) -> str:
    """The SKU in the form in which there is a product of it: one that was defined before texts were
    put into one form may be in NFD. The SKU itself where there is none."""
    if sku.isascii():
        return sku
    stored = (form for form in forms(sku) if given.state(Product, form).version)
    return next(stored, sku)


def quantity_of(quantity: int | Decimal, sku: str, given: Given, field: str) -> int:
    """A quantity of a stored SKU in a request, as it is kept: see `steps_of`."""
    return steps_of(quantity, given.state(Product, sku).unit, field)
