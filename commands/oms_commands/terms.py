"""From an order as it is asked for to the terms it is kept by."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from oms_commands.fields import check_amount, known_digits
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.lines import OrderLine
from oms_ledger.domain.money import to_minor
from oms_ledger.domain.order import Address, Customer, OrderTerms, ShippingCharge
from oms_ledger.domain.product import Product
from oms_ledger.kernel import Given, Json

if TYPE_CHECKING:
    from oms_commands.place_order import AddressFields, CustomerFields, LineFields, PlaceOrder


TOTAL_MAX = Decimal(10**15)
"""What the lines of one order may add up to: its minor units still fit 64 bits with room."""


def check_money(order: PlaceOrder) -> None:
    """ValueError naming the field whose amount the currency cannot express."""
    digits = known_digits(order.currency)
    for name, amount in _amounts(order):
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -digits:
            check_amount(name, amount, order.currency)
    total = Decimal(0)
    for n, line in enumerate(order.lines):
        gross = line.quantity * line.unit_price + (line.tax or 0)
        if line.discount and line.discount > gross:
            raise ValueError(f"lines.{n}.discount: {line.discount} is more than the line's amount")
        total += gross
    if total > TOTAL_MAX:
        raise ValueError(f"lines: they add up to more than {TOTAL_MAX:,}; order fewer units")


def _amounts(order: PlaceOrder) -> Iterator[tuple[str, Decimal]]:
    for n, line in enumerate(order.lines):
        yield f"lines.{n}.unit_price", line.unit_price
        if line.tax:
            yield f"lines.{n}.tax", line.tax
        if line.discount:
            yield f"lines.{n}.discount", line.discount
    if order.shipping and order.shipping.price:
        yield "shipping.price", order.shipping.price


def terms_of(order: PlaceOrder, given: Given) -> OrderTerms:
    """Refused with `unknown_sku`, naming every line, where a product was never heard of."""
    lines = tuple(_line(n, line, order.currency, given) for n, line in enumerate(order.lines, 1))
    unknown: list[dict[str, Json]] = [
        {"line": line.line_id, "sku": line.sku}
        for line in lines
        if given.state(Product, line.sku).defined is None
    ]
    if unknown:
        skus = ", ".join(sorted({str(u["sku"]) for u in unknown}))
        raise Refused(
            f"Never heard of {skus}. Define it with PUT /v1/products/{{sku}}, or receive stock"
            " of it, and order again.",
            code="unknown_sku",
            errors=unknown,
        )
    charge = order.shipping
    price = to_minor(charge.price, order.currency) if charge and charge.price else 0
    return OrderTerms(
        order.channel,
        order.currency,
        lines,
        order.placed_at,
        order.external_id,
        _customer(order.customer),
        _address(order.shipping_address),
        ShippingCharge(charge.service, price) if charge else None,
        order.backorder,
        order.promised_ship_at,
        order.promised_delivery_at,
    )


def _line(number: int, line: LineFields, currency: str, given: Given) -> OrderLine:
    product = given.state(Product, line.sku).defined
    return OrderLine(
        str(number),
        line.sku,
        line.quantity,
        to_minor(line.unit_price, currency),
        to_minor(line.tax, currency) if line.tax else 0,
        to_minor(line.discount, currency) if line.discount else 0,
        line.title,
        product is None or product.stocked,
    )


def _customer(given: CustomerFields | None) -> Customer | None:
    if given is None:
        return None
    return Customer(given.id, given.name, given.email, given.phone)


def _address(given: AddressFields | None) -> Address | None:
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
