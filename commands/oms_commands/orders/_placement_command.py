"""What commands that make an order of terms have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

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
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.personal import Person, with_fields
from oms_ledger.domain.stock.rules import (
    shortage_refs,
    stock_skus,
    wanted_refs,
)
from oms_ledger.domain.texts import forms
from oms_ledger.kernel import Command, Context, Given, Json, Ref

_TOTAL_MAX = Decimal(10**15)
"""What the lines of one order may add up to: its minor units still fit 64 bits with room."""


@dataclass(frozen=True, slots=True, config=STRICT)
class PlacementCommand(Command):
    """Has the terms of an order; reads what that needs, and answers with the order."""

    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    creates_once: ClassVar[bool] = True

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
    promised_ship_at: Time | None = None
    promised_delivery_at: Time | None = None
    fulfil_at: Annotated[Time | None, Field(description="Not to be shipped before.")] = None
    pay_by: Annotated[
        Time | None, Field(description="If it is not paid by then, it expires and frees its stock.")
    ] = None
    sensitive: bool = False

    @model_validator(mode="after")
    def _money_fits_its_currency(self) -> PlacementCommand:
        _check_money(self)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Channel, channel_key(self.channel))]
        if self.external_id is not None:  # otherwise the order's id is new, and so its stream
            refs += [(Order, order_id) for order_id in self._order_ids(ctx, given)]
        for sku in {line.sku for line in self.lines}:
            if not sku.isascii():
                refs += product_refs(sku)
            refs += wanted_refs(stored_sku(sku, given), given)
        return refs + shortage_refs(self.skus_taken(given), self.backorder, self.channel, given)

    def skus_taken(self, given: Given) -> Iterator[str]:
        """The SKUs whose stock the lines take, of kits those of the components."""
        for line in self.lines:
            yield from stock_skus(stored_sku(line.sku, given), given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_key(ctx, given)))

    @property
    def person_id(self) -> str | None:
        return self.customer.id if self.customer else None

    def person(self, ctx: Context) -> Person:
        order_id = order_id_for(self.channel, self.external_id, ctx.command_id)
        return Person(self.person_id, f"order:{order_id}")

    def with_person_id(self, person_id: str) -> PlacementCommand:
        assert self.customer is not None
        return with_fields(self, customer=with_fields(self.customer, id=person_id))

    @property
    def postal_area(self) -> str | None:
        """Of its shipping address."""
        return self.shipping_address.postal_area if self.shipping_address else None

    @property
    def country(self) -> str | None:
        """Of its shipping address."""
        return self.shipping_address.country if self.shipping_address else None

    def terms(self, given: Given, *, undefined: bool = False) -> OrderTerms:
        """The terms in the domain's types. `Refused` with `unknown_sku`, naming every line whose
        product was never defined, unless `undefined` ones are allowed."""
        included = self.tax_included
        lines = tuple(
            line_of(n + 1, line, self.currency, given, field=f"lines.{n}", tax_included=included)
            for n, line in enumerate(self.lines)
        )
        if self.discount:
            lines = discounted(lines, to_minor(self.discount, self.currency))
        if not undefined:
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


def _check_money(order: PlacementCommand) -> None:
    """ValueError naming the field whose amount the currency cannot express."""
    unit = minor_unit(order.currency)
    for name, amount in _amounts(order):
        if not amount.same_quantum(unit):
            check_amount(name, amount, order.currency)
    total = after_discounts = Decimal(0)
    for n, line in enumerate(order.lines):
        gross = line.quantity * line.unit_price
        if not isinstance(line.quantity, int):
            gross = gross.quantize(unit, ROUND_HALF_UP)  # as `price_of` does
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


def _amounts(order: PlacementCommand) -> Iterator[tuple[str, Decimal]]:
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
