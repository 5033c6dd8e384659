"""PayPal: orders and payments (REST v2), over HTTP."""

from __future__ import annotations

from oms_ledger.integrations.payments.paypal.client import PayPalGateway
from oms_ledger.integrations.ports import PaymentGateway, Vendor, VendorAccount


def _open(account: VendorAccount) -> PaymentGateway:
    return PayPalGateway(account)


VENDOR: Vendor[PaymentGateway] = Vendor(
    name="paypal",
    title="PayPal",
    base_url="https://api-m.paypal.com",
    secrets={
        "client_id": "The client id of the REST app.",
        "client_secret": "The secret of the REST app.",
    },
    options={
        "webhook_id": "PayPal's id of the webhook, which is part of what it signs.",
        "webhook_verification": "certificate (default), or api: PayPal is called to verify each.",
        "brand_name": "The name that buyers see at PayPal.",
    },
    required=frozenset({"client_id", "client_secret", "webhook_id"}),
    open=_open,
)
