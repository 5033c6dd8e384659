"""Fields of an order in a request, and their conversion to the domain's types."""

from __future__ import annotations

from dataclasses import field
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag
from pydantic.dataclasses import dataclass
from pydantic.json_schema import SkipJsonSchema

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Country,
    Currency,
    Id,
    PersonalText,
    Quantity,
    QuantityOrZero,
    Sku,
    TaxRate,
    Text,
    Time,
)
from oms_ledger.domain.catalogue.state import Product, stored_sku
from oms_ledger.domain.customers.state import RESERVED
from oms_ledger.domain.geography import postal_area
from oms_ledger.domain.money import DIGITS, to_minor
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.terms import Address, Customer, Presentment, ShippingCharge
from oms_ledger.domain.personal import key_of
from oms_ledger.domain.units import steps_of
from oms_ledger.kernel import Given


def _not_reserved(text: str) -> str:
    if text.startswith(RESERVED):
        raise ValueError("It begins with key: or order:, which name records here. Choose another.")
    return text


def _listed(currency: str) -> str:
    if currency not in DIGITS:
        raise ValueError(f"{currency} is not an ISO 4217 currency code")
    return currency


CustomerId = Annotated[Id, AfterValidator(_not_reserved)]


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerFields:
    id: CustomerId | None = None
    name: PersonalText | None = None
    email: PersonalText | None = None
    phone: PersonalText | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class AddressFields:
    """`postal_area` follows from the postal code, before that is sealed."""

    name: PersonalText | None = None
    line1: PersonalText | None = None
    line2: PersonalText | None = None
    city: Text | None = None
    region: Text | None = None
    postal_code: PersonalText | None = None
    country: Country | None = None
    postal_area: SkipJsonSchema[str | None] = field(default=None, init=False)

    def __post_init__(self) -> None:
        code = self.postal_code
        if code is not None and key_of(code) is None:
            object.__setattr__(self, "postal_area", postal_area(self.country, code.personal))


@dataclass(frozen=True, slots=True, config=STRICT)
class LineFields:
    """`tax` and `discount` are amounts for the whole line. The ledger computes no tax: `tax_rate`
    is kept as it was charged. `unit_price` is that of one piece, or of one whole unit of
    measure."""

    sku: Sku
    quantity: Quantity
    unit_price: Amount
    tax: Amount | None = None
    discount: Amount | None = None
    title: Text | None = None
    tax_rate: TaxRate | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class ShippingFields:
    service: Code
    price: Amount | None = None
    tax: Amount | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class PresentmentFields:
    """The currency in which the buyer saw the prices; `rate` units of it for one of the order's."""

    currency: Annotated[Currency, AfterValidator(_listed)]
    rate: Annotated[Decimal, Field(gt=0, lt=Decimal("1e9"), max_digits=18)]


def line_of(
    number: int,
    line: LineFields,
    currency: str,
    given: Given,
    *,
    field: str,
    tax_included: bool = False,
) -> OrderLine:
    """The line as it is agreed; `field` is its name in the request."""
    sku = stored_sku(line.sku, given)
    product = given.state(Product, sku).defined
    unit = product.unit if product else None
    return OrderLine(
        str(number),
        sku,
        steps_of(line.quantity, unit, f"{field}.quantity"),
        to_minor(line.unit_price, currency),
        to_minor(line.tax, currency) if line.tax else 0,
        to_minor(line.discount, currency) if line.discount else 0,
        line.title,
        product is None or product.stocked,
        None if line.tax_rate is None else f"{line.tax_rate:f}",
        tax_included,
        components=product.components if product else (),
        unit=unit,
    )


def shipping_of(
    charge: ShippingFields | None, currency: str, *, tax_included: bool
) -> ShippingCharge | None:
    if charge is None:
        return None
    price = to_minor(charge.price, currency) if charge.price else 0
    tax = to_minor(charge.tax, currency) if charge.tax else 0
    return ShippingCharge(charge.service, price, tax, tax_included)


def presentment_of(given: PresentmentFields | None) -> Presentment | None:
    return None if given is None else Presentment(given.currency, f"{given.rate:f}")


def customer_of(given: CustomerFields | None) -> Customer | None:
    if given is None:
        return None
    return Customer(given.id, given.name, given.email, given.phone)


def emails_of(customer: CustomerFields | None) -> tuple[str, ...]:
    """The e-mail addresses of a customer: one, and the id where it is one."""
    if customer is None:
        return ()
    email = (customer.email.personal,) if customer.email else ()
    return (*email, customer.id) if customer.id and "@" in customer.id else email


def address_of(given: AddressFields | None) -> Address | None:
    if given is None:
        return None
    return Address(
        given.name,
        given.line1,
        given.line2,
        given.city,
        given.region,
        given.postal_code,
        given.country,
    )


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelledLine:
    line_id: Id
    quantity: Quantity


@dataclass(frozen=True, slots=True, config=STRICT)
class AddLine:
    type: Literal["add_line"]
    line: LineFields


@dataclass(frozen=True, slots=True, config=STRICT)
class SetQuantity:
    """`quantity` is what is ordered of the line from now on; with 0 the line stays, with nothing
    ordered. Tax and discount follow in proportion."""

    type: Literal["set_quantity"]
    line_id: Id
    quantity: QuantityOrZero


@dataclass(frozen=True, slots=True, config=STRICT)
class SetPrice:
    """`tax` and `discount` are amounts for the whole line, at the quantity that it has after the
    edit."""

    type: Literal["set_price"]
    line_id: Id
    unit_price: Amount | None = None
    tax: Amount | None = None
    discount: Amount | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class SetShippingAddress:
    type: Literal["set_shipping_address"]
    address: AddressFields


@dataclass(frozen=True, slots=True, config=STRICT)
class SetBillingAddress:
    type: Literal["set_billing_address"]
    address: AddressFields


@dataclass(frozen=True, slots=True, config=STRICT)
class SetCustomer:
    type: Literal["set_customer"]
    customer: CustomerFields


@dataclass(frozen=True, slots=True, config=STRICT)
class SetShipping:
    type: Literal["set_shipping"]
    shipping: ShippingFields


@dataclass(frozen=True, slots=True, config=STRICT)
class SetPromise:
    type: Literal["set_promise"]
    promised_ship_at: Time | None = None
    promised_delivery_at: Time | None = None


def _tag_of(change: object) -> str | None:
    """The tag of a change by its type: in brackets, so that it is not taken for a field's name."""
    kind = change.get("type") if isinstance(change, dict) else getattr(change, "type", None)
    return f"[{kind}]" if isinstance(kind, str) else None


EditChange: TypeAlias = Annotated[
    Annotated[AddLine, Tag("[add_line]")]
    | Annotated[SetQuantity, Tag("[set_quantity]")]
    | Annotated[SetPrice, Tag("[set_price]")]
    | Annotated[SetShippingAddress, Tag("[set_shipping_address]")]
    | Annotated[SetBillingAddress, Tag("[set_billing_address]")]
    | Annotated[SetCustomer, Tag("[set_customer]")]
    | Annotated[SetShipping, Tag("[set_shipping]")]
    | Annotated[SetPromise, Tag("[set_promise]")],
    Discriminator(_tag_of),
]
