"""The catalogue of vendors, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oms_ledger.integrations.payments import paypal, stripe
from oms_ledger.integrations.payments.effect import PaymentEffect
from oms_ledger.integrations.payments.parcels import ParcelEffect
from oms_ledger.integrations.performer import VendorKind
from oms_ledger.integrations.ports import PaymentGateway, Vendor

_PAYMENT_VENDORS: tuple[Vendor[PaymentGateway], ...] = (
    stripe.VENDOR,
    paypal.VENDOR,
)

PAYMENT_VENDORS: Mapping[str, Vendor[PaymentGateway]] = {
    vendor.name: vendor for vendor in _PAYMENT_VENDORS
}
"""Payment providers, by name."""

VENDOR_KINDS: tuple[VendorKind[Any], ...] = (
    VendorKind(PAYMENT_VENDORS, PaymentEffect()),
    VendorKind({}, ParcelEffect()),
)
"""All vendors by kind, with what each kind is called for. Parcels go to payment providers, whose
messages are about payments."""
