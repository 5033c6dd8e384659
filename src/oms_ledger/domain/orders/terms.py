"""What buyer and seller agreed on: customer, address, shipping, lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from oms_ledger.domain.orders.lines import (
    OrderLine,
)
from oms_ledger.domain.personal import Personal


@dataclass(frozen=True, slots=True)
class Customer:
    id: str | None = None
    name: Personal | None = None
    email: Personal | None = None
    phone: Personal | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where to ship to. All that identifies a household is personal."""

    name: Personal | None = None
    line1: Personal | None = None
    line2: Personal | None = None
    city: str | None = None
    region: str | None = None
    postal_code: Personal | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ShippingCharge:
    """The service the buyer chose; `price` in minor units."""

    service: str
    price: int = 0


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What buyer and seller agreed on. Frozen at placement; sent again under the same
    external id, it must be equal to be the same order."""

    channel: str
    currency: str
    lines: tuple[OrderLine, ...]
    placed_at: datetime | None = None
    external_id: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    shipping: ShippingCharge | None = None
    backorder: str = "refuse"
    promised_ship_at: datetime | None = None
    promised_delivery_at: datetime | None = None

    @property
    def total(self) -> int:
        """Minor units: lines with tax, less discounts, plus shipping."""
        total = self.shipping.price if self.shipping else 0
        for line in self.lines:
            total += line.amount
        return total
