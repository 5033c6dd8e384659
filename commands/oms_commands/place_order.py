"""Placing an order: validated, numbered, allocated and written in one decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands.fields import (
    STRICT,
    Amount,
    Code,
    Country,
    Currency,
    Id,
    PersonalText,
    Quantity,
    Sku,
    Text,
    Time,
)
from oms_commands.placement import Asked, place
from oms_commands.terms import check_money, terms_of
from oms_ledger.domain.allocation import by_priority
from oms_ledger.domain.channel import Channel, channel_key
from oms_ledger.domain.identifiers import order_id_for, stock_key
from oms_ledger.domain.location import Location
from oms_ledger.domain.order import Order
from oms_ledger.domain.personal import Person
from oms_ledger.domain.product import Product
from oms_ledger.domain.stock import StockLevel
from oms_ledger.domain.views import order_view
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerFields:
    id: Id | None = None
    name: PersonalText | None = None
    email: PersonalText | None = None
    phone: PersonalText | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class AddressFields:
    name: PersonalText | None = None
    line1: PersonalText | None = None
    line2: PersonalText | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: PersonalText | None = None
    country: Country | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class LineFields:
    """`tax` and `discount` are amounts for the whole line."""

    sku: Sku
    quantity: Quantity
    unit_price: Amount
    tax: Amount | None = None
    discount: Amount | None = None
    title: Text | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ShippingFields:
    service: Code
    price: Amount | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceOrder(Command):
    """Place an order and allocate its stock, or refuse and write nothing.

    The same channel and external id again is the same order: it answers the first one. With
    `backorder: allow` what is short is promised without being there; with `confirm` the order
    can be fulfilled at once. What is ordered is health data if `sensitive` says so, or a product.
    """

    name: ClassVar[str] = "PlaceOrder"
    route: ClassVar[Route] = Route(
        "POST", "/v1/orders", 201, many="orders", many_path="/v1/orders:batch"
    )
    scope: ClassVar[str] = "orders:write"

    channel: Code
    currency: Currency
    lines: Annotated[tuple[LineFields, ...], Field(min_length=1, max_length=2000)]
    external_id: Id | None = None
    placed_at: Time | None = None
    customer: CustomerFields | None = None
    shipping_address: AddressFields | None = None
    shipping: ShippingFields | None = None
    backorder: Literal["refuse", "allow"] = "refuse"
    confirm: bool = False
    promised_ship_at: Time | None = None
    promised_delivery_at: Time | None = None
    sensitive: bool = False

    @model_validator(mode="after")
    def _money_fits_its_currency(self) -> PlaceOrder:
        check_money(self)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Channel, channel_key(self.channel))]
        if self.external_id is not None:  # otherwise the order's id is new, and so its stream
            refs.append((Order, self._order_id(ctx)))
        places = by_priority(given.all(Location))
        for sku in {line.sku for line in self.lines}:
            refs.append((Product, sku))
            refs += [(StockLevel, stock_key(sku, location)) for location in places]
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        asked = Asked(self._order_id(ctx), terms_of(self, given), self.confirm, self.sensitive)
        return place(asked, ctx, given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self._order_id(ctx)))

    def person(self, ctx: Context) -> Person:
        return Person(self.customer.id if self.customer else None, f"order:{self._order_id(ctx)}")

    def _order_id(self, ctx: Context) -> str:
        return order_id_for(self.channel, self.external_id, ctx.command_id)
