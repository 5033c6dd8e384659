"""The fields of a draft, and their conversion to its content and to the command that places it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec.structs import replace
from pydantic import Field, ValidationError
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Id,
    Quantity,
    Sku,
    TaxRate,
    Text,
    Time,
)
from oms_commands.orders._fields import (
    AddressFields,
    CustomerFields,
    LineFields,
    PresentmentFields,
    ShippingFields,
    address_of,
    customer_of,
    presentment_of,
)
from oms_commands.orders.place import PlaceOrder
from oms_ledger.domain.catalogue.state import Product, product_refs, stored_sku
from oms_ledger.domain.customers.state import ORDER
from oms_ledger.domain.drafts.answers import DraftStatusAnswer
from oms_ledger.domain.drafts.content import DraftContent, DraftLine, DraftShipping
from oms_ledger.domain.drafts.events import DraftSaved
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.drafts.views import draft_status_view
from oms_ledger.domain.errors import Invalid, invalid_field
from oms_ledger.domain.orders.terms import Address, Customer, Presentment
from oms_ledger.domain.personal import Person, with_fields
from oms_ledger.domain.routing.source import is_routed
from oms_ledger.domain.units import in_unit, steps_of
from oms_ledger.kernel import Command, Context, Given, Json, Ref

EXAMPLE: Mapping[str, Json] = {
    "channel": "phone",
    "currency": "GBP",
    "customer": {"id": "17850", "name": "Ada Lovelace"},
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
}


@dataclass(frozen=True, slots=True, config=STRICT)
class DraftLineFields:
    """A line of a draft, whose price may be still to come. `tax` and `discount` are amounts for
    the whole line."""

    sku: Sku
    quantity: Quantity
    unit_price: Amount | None = None
    tax: Amount | None = None
    discount: Amount | None = None
    title: Text | None = None
    tax_rate: TaxRate | None = None


@dataclass(frozen=True, slots=True, config=STRICT, kw_only=True)
class DraftFields(Command):
    """Saves a draft whole. Every field may be left out; what an order needs is checked when the
    draft is placed."""

    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = DraftStatusAnswer
    within_channels: ClassVar[bool] = True

    channel: Code | None = None
    currency: Currency | None = None
    lines: Annotated[tuple[DraftLineFields, ...], Field(max_length=2000)] = ()
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
    intake: Literal["now", "queued"] = "now"

    @abstractmethod
    def saved_id(self, ctx: Context) -> str:
        """The id of the draft that is saved."""

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Draft, self.saved_id(ctx))]
        for sku in dict.fromkeys(line.sku for line in self.lines):
            refs += product_refs(sku)
        return refs

    def saved(self, ctx: Context, given: Given) -> DraftSaved:
        skus = (stored_sku(line.sku, given) for line in self.lines)
        sensitive = self.sensitive or any(given.state(Product, sku).sensitive for sku in skus)
        address = self.shipping_address
        routed = address is not None and is_routed(self.channel, given)
        area = address.postal_area if address and routed else None
        return DraftSaved(self.saved_id(ctx), content_of(self, given), sensitive, area)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        draft_id = self.saved_id(ctx)
        return draft_status_view(draft_id, given.state(Draft, draft_id))

    @property
    def person_id(self) -> str | None:
        return self.customer.id if self.customer else None

    def person(self, ctx: Context) -> Person:
        """Without id and address as for the order that it is to become: so both are forgotten
        alike."""
        return Person(self.person_id, record_of_draft(self.saved_id(ctx)))

    def with_person_id(self, person_id: str) -> Command:
        assert self.customer is not None
        return with_fields(self, customer=with_fields(self.customer, id=person_id))


def record_of_draft(draft_id: str) -> str:
    """The data subject of a draft that names neither a customer's id nor an e-mail address."""
    return f"{ORDER}{draft_id}"


def content_of(draft: DraftFields, given: Given) -> DraftContent:
    return DraftContent(
        draft.channel,
        draft.currency,
        tuple(
            DraftLine(
                line.sku,
                steps_of(line.quantity, unit, f"lines.{n}.quantity"),
                _text(line.unit_price),
                _text(line.tax),
                _text(line.discount),
                line.title,
                _text(line.tax_rate),
                unit,
            )
            for n, line in enumerate(draft.lines)
            for unit in [given.state(Product, stored_sku(line.sku, given)).unit]
        ),
        draft.external_id,
        draft.placed_at,
        customer_of(draft.customer),
        address_of(draft.shipping_address),
        address_of(draft.billing_address),
        _draft_shipping(draft.shipping),
        _text(draft.discount),
        draft.tax_included,
        presentment_of(draft.presentment),
        draft.backorder,
        draft.confirm,
        draft.promised_ship_at,
        draft.promised_delivery_at,
        draft.fulfil_at,
        draft.pay_by,
        draft.intake,
    )


def _draft_shipping(shipping: ShippingFields | None) -> DraftShipping | None:
    if shipping is None:
        return None
    return DraftShipping(shipping.service, _text(shipping.price), _text(shipping.tax))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def order_of(
    content: DraftContent, *, sensitive: bool, postal_area: str | None = None
) -> PlaceOrder:
    """The command that places the draft. `Invalid` naming each field that an order needs and the
    draft lacks, or the field whose value cannot be that of an order."""
    channel, currency = content.channel, content.currency
    faults = list(_missing(content))
    if channel is None or currency is None or faults:
        raise Invalid(
            f"The draft is not complete: {', '.join(faults)}. PUT it with these fields, and place"
            " it then.",
            errors=[{"field": name, "message": "An order needs it. Add it."} for name in faults],
        )
    try:
        return PlaceOrder(
            channel=channel,
            currency=currency,
            lines=_lines(content),
            external_id=content.external_id,
            placed_at=content.placed_at,
            customer=_customer(content.customer),
            shipping_address=_address(content.shipping_address, postal_area),
            billing_address=_address(content.billing_address),
            shipping=_shipping(content.shipping),
            discount=_amount(content.discount),
            tax_included=content.tax_included,
            presentment=_presentment(content.presentment),
            backorder="allow" if content.backorder == "allow" else "refuse",
            confirm=content.confirm,
            promised_ship_at=content.promised_ship_at,
            promised_delivery_at=content.promised_delivery_at,
            fulfil_at=content.fulfil_at,
            pay_by=content.pay_by,
            sensitive=sensitive,
            intake="queued" if content.intake == "queued" else "now",
        )
    except ValidationError as error:
        raise _invalid(error) from None


def _missing(content: DraftContent) -> Iterable[str]:
    if content.channel is None:
        yield "channel"
    if content.currency is None:
        yield "currency"
    if not content.lines:
        yield "lines"
    for n, line in enumerate(content.lines):
        if line.unit_price is None:
            yield f"lines.{n}.unit_price"


def _lines(content: DraftContent) -> tuple[LineFields, ...]:
    return tuple(
        LineFields(
            line.sku,
            line.quantity if line.unit is None else Decimal(in_unit(line.quantity, line.unit)),
            Decimal(line.unit_price or 0),
            _amount(line.tax),
            _amount(line.discount),
            line.title,
            _amount(line.tax_rate),
        )
        for line in content.lines
    )


def _shipping(shipping: DraftShipping | None) -> ShippingFields | None:
    if shipping is None:
        return None
    return ShippingFields(shipping.service, _amount(shipping.price), _amount(shipping.tax))


def _presentment(shown: Presentment | None) -> PresentmentFields | None:
    return None if shown is None else PresentmentFields(shown.currency, Decimal(shown.rate))


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _customer(customer: Customer | None) -> CustomerFields | None:
    """Its values are sealed, and longer than the field may be: they were checked before."""
    if customer is None:
        return None
    return with_fields(
        CustomerFields(),
        id=customer.id,
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
    )


def _address(address: Address | None, postal_area: str | None = None) -> AddressFields | None:
    if address is None:
        return None
    return with_fields(
        AddressFields(),
        name=address.name,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        region=address.region,
        postal_code=address.postal_code,
        country=address.country,
        postal_area=postal_area,
    )


def _invalid(error: ValidationError) -> Invalid:
    """What placing an order says of its fields together: `field: message`."""
    message = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    field, colon, rest = message.partition(": ")
    return invalid_field(field, rest) if colon else invalid_field("", message)


def placing(ctx: Context, draft_id: str) -> Context:
    """The context in which the order of a draft is placed: without an external id it has the
    draft's id, so that a draft becomes one order however often it is placed."""
    return replace(ctx, command_id=draft_id)


def complete_order(draft: Draft) -> PlaceOrder | None:
    """The command that places the draft; None where that cannot be placed as it is."""
    if draft.content is None:
        return None
    try:
        return order_of(draft.content, sensitive=draft.sensitive, postal_area=draft.postal_area)
    except Invalid:
        return None
