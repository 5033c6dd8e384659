"""Fields of an order in a request, and their conversion to the domain's types."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Country,
    Id,
    PersonalText,
    Quantity,
    Sku,
    Text,
)
from oms_ledger.domain.catalogue.state import Product, stored_sku
from oms_ledger.domain.customers.state import RESERVED
from oms_ledger.domain.money import to_minor
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.terms import Address, Customer
from oms_ledger.kernel import Given


def _not_reserved(text: str) -> str:
    if text.startswith(RESERVED):
        raise ValueError("an id must not begin with key: or order:, which name records of ours")
    return text


CustomerId = Annotated[Id, AfterValidator(_not_reserved)]


@dataclass(frozen=True, slots=True, config=STRICT)
class CustomerFields:
    id: CustomerId | None = None
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


def line_of(number: int, line: LineFields, currency: str, given: Given) -> OrderLine:
    sku = stored_sku(line.sku, given)
    product = given.state(Product, sku).defined
    return OrderLine(
        str(number),
        sku,
        line.quantity,
        to_minor(line.unit_price, currency),
        to_minor(line.tax, currency) if line.tax else 0,
        to_minor(line.discount, currency) if line.discount else 0,
        line.title,
        product is None or product.stocked,
    )


def customer_of(given: CustomerFields | None) -> Customer | None:
    if given is None:
        return None
    return Customer(given.id, given.name, given.email, given.phone)


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
