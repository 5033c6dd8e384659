"""What buyer and seller agreed on: customer, address, shipping, lines."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from oms_ledger.domain.money import DIGITS, Money, in_proportion
from oms_ledger.domain.orders.lines import (
    OrderLine,
)
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime
from oms_ledger.kernel import Record


class Customer(Record, frozen=True):
    id: Harmless | None = None
    name: Personal | None = None
    email: Personal | None = None
    phone: Personal | None = None


class Address(Record, frozen=True):
    """Where to ship to, or to send the bill. All that identifies a household is personal."""

    name: Personal | None = None
    line1: Personal | None = None
    line2: Personal | None = None
    city: Harmless | None = None
    region: Harmless | None = None
    postal_code: Personal | None = None
    country: Harmless | None = None


class ShippingCharge(Record, frozen=True):
    """The service the buyer chose; `price` and `tax` in minor units. With `tax_included` the tax
    is a part of the price."""

    service: Harmless
    price: int = 0
    tax: int = 0
    tax_included: bool = False

    @property
    def amount(self) -> int:
        """Minor units: what is charged."""
        return self.price if self.tax_included else self.price + self.tax

    def tax_of(self, amount: int) -> int:
        """The tax in a part of `amount`."""
        return in_proportion(self.tax, amount, self.amount) if amount else 0


class Presentment(Record, frozen=True):
    """The currency in which the buyer saw the prices, and the rate to it, frozen at placement:
    `rate` units of `currency` for one of the order's, as decimal text."""

    currency: Harmless
    rate: str

    def shown(self, amount: Money) -> Money:
        """An amount in the buyer's currency, rounded half up to its minor unit."""
        exact = Decimal(amount.minor).scaleb(-DIGITS[amount.currency]) * Decimal(self.rate)
        units = exact.scaleb(DIGITS[self.currency]).quantize(Decimal(1), ROUND_HALF_UP)
        return Money(int(units), self.currency)


class Imported(Record, frozen=True):
    """How a past order came in. `stock` is what the import did with stock: skip, update or force;
    `fate` a digest of its dates, shipments and payments, by which the same import is recognised."""

    stock: Harmless
    fate: Harmless


class OrderTerms(Record, frozen=True):
    """What buyer and seller agreed on. `fulfil_at`: not to be shipped before that time. `pay_by`:
    an order that is not paid by then expires. `OrderPlaced` keeps it as it was placed: sent again
    under the same external id, it must be equal to be the same order."""

    channel: Harmless
    currency: Harmless
    lines: tuple[OrderLine, ...]
    placed_at: HarmlessTime | None = None
    external_id: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    shipping: ShippingCharge | None = None
    backorder: Harmless = "refuse"
    promised_ship_at: HarmlessTime | None = None
    promised_delivery_at: HarmlessTime | None = None
    presentment: Presentment | None = None
    billing_address: Address | None = None
    fulfil_at: HarmlessTime | None = None
    pay_by: datetime | None = None

    @property
    def total(self) -> int:
        """Minor units: lines with tax, less discounts, plus shipping."""
        total = self.shipping.amount if self.shipping else 0
        for line in self.lines:
            total += line.amount
        return total

    @property
    def country(self) -> str | None:
        """Of the shipping address, as far as it is known."""
        return self.shipping_address.country if self.shipping_address else None

    @property
    def tax_total(self) -> int:
        """Minor units: the tax in `total`."""
        tax = self.shipping.tax if self.shipping else 0
        for line in self.lines:
            tax += line.tax
        return tax
