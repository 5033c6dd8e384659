"""What a draft says of the order that it is to become."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.orders.terms import Address, Customer, Presentment
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, Sku
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Record


class DraftLine(Record, frozen=True):
    """A line as it was written. Amounts are decimal text, since the currency may not be there
    yet; `tax` and `discount` are for the whole line. `quantity` is in steps of the `unit`, where
    the product has one."""

    sku: Sku
    quantity: int
    unit_price: Harmless | None = None
    tax: Harmless | None = None
    discount: Harmless | None = None
    title: str | None = None
    tax_rate: str | None = None
    unit: UnitOfMeasure | None = None


class DraftShipping(Record, frozen=True):
    """The shipping service, with `price` and `tax` as decimal text."""

    service: Harmless
    price: Harmless | None = None
    tax: Harmless | None = None


class DraftContent(Record, frozen=True):
    """The fields of an order as far as they are there, under the names that placing an order has
    for them."""

    channel: Harmless | None = None
    currency: Harmless | None = None
    lines: tuple[DraftLine, ...] = ()
    external_id: str | None = None
    placed_at: HarmlessTime | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping: DraftShipping | None = None
    discount: Harmless | None = None
    tax_included: bool = False
    presentment: Presentment | None = None
    backorder: Harmless = "refuse"
    confirm: bool = False
    promised_ship_at: HarmlessTime | None = None
    promised_delivery_at: HarmlessTime | None = None
    fulfil_at: HarmlessTime | None = None
    pay_by: datetime | None = None
    intake: Harmless = "now"

    @property
    def stored_emails(self) -> tuple[str, ...]:
        """The e-mail addresses of its customer as they are stored: the sealed one, and the id in
        clear where it is an address."""
        customer = self.customer
        if customer is None:
            return ()
        email = (customer.email.personal,) if customer.email else ()
        return (*email, customer.id) if customer.id and "@" in customer.id else email
