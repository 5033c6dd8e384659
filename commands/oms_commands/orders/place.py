"""Placing an order: validated, numbered, allocated and written in one decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Id,
    Time,
    check_amount,
    minor_unit,
)
from oms_commands.orders._fields import (
    AddressFields,
    CustomerFields,
    LineFields,
    PresentmentFields,
    ShippingFields,
    address_of,
    customer_of,
    line_of,
    presentment_of,
    shipping_of,
)
from oms_ledger.domain.catalogue.state import Channel, product_refs, stored_sku
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.identifiers import (
    channel_key,
    order_id_for,
    order_id_of_spelling,
)
from oms_ledger.domain.money import to_minor
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.lines import discounted
from oms_ledger.domain.orders.rules.intake import receive
from oms_ledger.domain.orders.rules.placement import place
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.personal import Person, with_fields
from oms_ledger.domain.reservations.rules import held_refs
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.risk.rules import holds_at_placement
from oms_ledger.domain.routing.source import is_routed, routing_refs
from oms_ledger.domain.stock.rules import backorder_refs, stock_skus, wanted_refs
from oms_ledger.domain.texts import forms
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route

_TOTAL_MAX = Decimal(10**15)
"""What the lines of one order may add up to: its minor units still fit 64 bits with room."""


@dataclass(frozen=True, slots=True, config=STRICT)
class PlaceOrder(Command):
    """Place an order and allocate its stock, or refuse and write nothing.

    The same channel, in any case, and external id again is the same order: it answers the first
    one, which `confirm` confirms if it is still pending. With `backorder: allow` what is short is
    promised without being there; with `confirm` the order can be fulfilled at once, or once its
    `fulfil_at` has come: until then its status is `scheduled`. What is ordered is health data if
    `sensitive` says so, or a product. With `intake: queued` it is received at once (202), and
    placed or rejected later, first in, first out. With `reservation_id` the units that were held
    for it become its own; what it does not want of them is free again.
    """

    name: ClassVar[str] = "PlaceOrder"
    route: ClassVar[Route] = Route(
        "POST", "/v1/orders", 201, many="orders", many_path="/v1/orders:batch"
    )
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    creates_once: ClassVar[bool] = True
    defers: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "channel": "web",
        "external_id": "1001",
        "currency": "GBP",
        "placed_at": "2026-01-05T08:26:00Z",
        "customer": {"id": "17850", "name": "Ada Lovelace", "email": "ada@example.com"},
        "shipping_address": {
            "name": "Ada Lovelace",
            "line1": "12 St James's Square",
            "city": "London",
            "postal_code": "SW1Y 4JH",
            "country": "GB",
        },
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55", "tax": "0.00"}],
        "shipping": {"service": "standard", "price": "4.95"},
        "backorder": "refuse",
    }

    channel: Code
    currency: Currency
    lines: Annotated[tuple[LineFields, ...], Field(min_length=1, max_length=2000)]
    external_id: Id | None = None
    placed_at: Time | None = None
    customer: CustomerFields | None = None
    shipping_address: AddressFields | None = None
    billing_address: AddressFields | None = None
    shipping: ShippingFields | None = None
    discount: Amount | None = None
    tax_included: bool = False
    presentment: PresentmentFields | None = None
    backorder: Literal["refuse", "allow"] = "refuse"
    confirm: bool = False
    promised_ship_at: Time | None = None
    promised_delivery_at: Time | None = None
    fulfil_at: Annotated[Time | None, Field(description="Not to be shipped before.")] = None
    pay_by: Annotated[
        Time | None, Field(description="If it is not paid by then, it expires and frees its stock.")
    ] = None
    sensitive: bool = False
    reservation_id: Annotated[
        Id | None, Field(description="Its held units become the order's. Not with queued intake.")
    ] = None
    intake: Annotated[
        Literal["now", "queued"],
        Field(description="`queued`: received at once, and placed or rejected in its turn."),
    ] = "now"
    email_blinds: SkipJsonSchema[tuple[str, ...]] = field(default=(), init=False)

    @model_validator(mode="after")
    def _money_fits_its_currency(self) -> PlaceOrder:
        _check_money(self)
        if self.reservation_id is not None and self.intake == "queued":
            raise ValueError("reservation_id: a queued order cannot use one; leave out intake")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Channel, channel_key(self.channel))]
        if self.external_id is not None:  # otherwise the order's id is new, and so its stream
            refs += [(Order, order_id) for order_id in self._order_ids(ctx, given)]
        for sku in {line.sku for line in self.lines}:
            if not sku.isascii():
                refs += product_refs(sku)
            refs += wanted_refs(stored_sku(sku, given), given)
        if self.reservation_id is not None:
            reservation = given.state(Reservation, self.reservation_id)
            refs += [(Reservation, self.reservation_id), *held_refs(reservation)]
        if self.backorder == "allow":
            stored = (stored_sku(line.sku, given) for line in self.lines)
            skus = [each for sku in stored for each in stock_skus(sku, given)]
            refs += backorder_refs(skus, self.channel, given)
        if is_routed(self.channel, given):
            stored = (stored_sku(line.sku, given) for line in self.lines)
            skus = [each for sku in stored for each in stock_skus(sku, given)]
            address = address_of(self.shipping_address)
            refs += routing_refs(self.channel, address, skus, given)
        return refs

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order_id = self.order_key(ctx, given)
        terms = self.terms(given)
        area = self.postal_area if is_routed(self.channel, given) else None
        holds = holds_at_placement(order_id, terms, self.email_blinds, given)
        confirm, sensitive = self.confirm, self.sensitive
        if self.intake == "queued":
            return receive(
                order_id,
                terms,
                ctx,
                given,
                confirm=confirm,
                sensitive=sensitive,
                holds=holds,
                postal_area=area,
            )
        return place(
            order_id,
            terms,
            ctx,
            given,
            confirm=confirm,
            sensitive=sensitive,
            holds=holds,
            reservation_id=self.reservation_id,
            postal_area=area,
        )

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_key(ctx, given)))

    @property
    def emails_to_blind(self) -> tuple[str, ...]:
        """Of the customer, whose id may be one too, to be compared with the blocked list."""
        customer = self.customer
        if customer is None:
            return ()
        email = (customer.email.personal,) if customer.email else ()
        return (*email, customer.id) if customer.id and "@" in customer.id else email

    @property
    def postal_area(self) -> str | None:
        """Of its shipping address."""
        return self.shipping_address.postal_area if self.shipping_address else None

    def with_blinds(self, blinds: Sequence[str]) -> PlaceOrder:
        return with_fields(self, email_blinds=tuple(blinds))

    @property
    def person_id(self) -> str | None:
        return self.customer.id if self.customer else None

    def person(self, ctx: Context) -> Person:
        order_id = order_id_for(self.channel, self.external_id, ctx.command_id)
        return Person(self.person_id, f"order:{order_id}")

    def with_person_id(self, person_id: str) -> PlaceOrder:
        assert self.customer is not None
        return with_fields(self, customer=with_fields(self.customer, id=person_id))

    def terms(self, given: Given) -> OrderTerms:
        """The terms of the order. `Refused` with
        `unknown_sku`, naming every line whose product was never defined; of a queued order products
        are checked when it is placed."""
        included = self.tax_included
        lines = tuple(
            line_of(n, line, self.currency, given, tax_included=included)
            for n, line in enumerate(self.lines, 1)
        )
        if self.discount:
            lines = discounted(lines, to_minor(self.discount, self.currency))
        if self.intake == "now":
            refuse_unknown_skus([(line.line_id, line.sku) for line in lines], given)
        return OrderTerms(
            self.channel,
            self.currency,
            lines,
            self.placed_at,
            self.external_id,
            customer_of(self.customer),
            address_of(self.shipping_address),
            shipping_of(self.shipping, self.currency, tax_included=included),
            self.backorder,
            self.promised_ship_at,
            self.promised_delivery_at,
            presentment_of(self.presentment),
            address_of(self.billing_address),
            self.fulfil_at,
            self.pay_by,
        )

    def order_key(self, ctx: Context, given: Given) -> str:
        """The id of the order that is there, or of the new one."""
        *older, order_id = self._order_ids(ctx, given)
        return next((each for each in older if given.state(Order, each).placed), order_id)

    def _order_ids(self, ctx: Context, given: Given) -> list[str]:
        """The ids that the order may have: those of older orders of the channel, then the new."""
        order_id = order_id_for(self.channel, self.external_id, ctx.command_id)
        if self.external_id is None:
            return [order_id]
        key = channel_key(self.channel)
        spellings = (*given.state(Channel, key).spellings, key)
        older = [
            order_id_of_spelling(channel, external_id)
            for external_id in forms(self.external_id)
            for channel in spellings
        ]
        return [*(each for each in older if each != order_id), order_id]


def _check_money(order: PlaceOrder) -> None:
    """ValueError naming the field whose amount the currency cannot express."""
    unit = minor_unit(order.currency)
    for name, amount in _amounts(order):
        if not amount.same_quantum(unit):
            check_amount(name, amount, order.currency)
    total = after_discounts = Decimal(0)
    for n, line in enumerate(order.lines):
        gross = line.quantity * line.unit_price
        if order.tax_included:
            _check_included(f"lines.{n}.tax", line.tax, gross - (line.discount or 0))
        elif line.tax:
            gross += line.tax
        if line.discount and line.discount > gross:
            raise ValueError(f"lines.{n}.discount: {line.discount} is more than the line's amount")
        total += gross
        after_discounts += gross - (line.discount or 0)
    if order.discount and order.discount > after_discounts:
        raise ValueError(f"discount: {order.discount} is more than the lines' {after_discounts}")
    if order.tax_included and order.shipping:
        _check_included("shipping.tax", order.shipping.tax, order.shipping.price or Decimal(0))
    if total > _TOTAL_MAX:
        raise ValueError(f"lines: they add up to more than {_TOTAL_MAX:,}; order fewer units")


def _check_included(name: str, tax: Decimal | None, amount: Decimal) -> None:
    if tax and tax > amount:
        raise ValueError(f"{name}: {tax} is more than the {amount} that it is included in")


def _amounts(order: PlaceOrder) -> Iterator[tuple[str, Decimal]]:
    for n, line in enumerate(order.lines):
        yield f"lines.{n}.unit_price", line.unit_price
        if line.tax:
            yield f"lines.{n}.tax", line.tax
        if line.discount:
            yield f"lines.{n}.discount", line.discount
    if order.shipping and order.shipping.price:
        yield "shipping.price", order.shipping.price
    if order.shipping and order.shipping.tax:
        yield "shipping.tax", order.shipping.tax
    if order.discount:
        yield "discount", order.discount
