"""Stripe: cards and what else PaymentIntents take, through its own SDK (the extra `stripe`)."""

from __future__ import annotations

from oms_ledger.domain.errors import Unavailable
from oms_ledger.integrations.ports import PaymentGateway, Vendor, VendorAccount


def _open(account: VendorAccount) -> PaymentGateway:
    """The SDK is large, so that it is loaded by those alone who have such a connection."""
    try:
        from oms_ledger.integrations.payments.stripe.client import StripeGateway
    except ModuleNotFoundError as error:
        raise Unavailable(
            "Stripe's SDK is not installed. Install oms-ledger[stripe] where the ledger runs."
        ) from error
    return StripeGateway(account)


VENDOR: Vendor[PaymentGateway] = Vendor(
    name="stripe",
    title="Stripe",
    base_url="https://api.stripe.com",
    secrets={
        "api_key": "The secret or restricted key (sk_ or rk_): write on PaymentIntents and Refunds,"
        " read on Charges, Disputes, Events and Balance.",
        "webhook_secret": "The signing secret (whsec_) of the webhook endpoint.",
        "webhook_secret_before": "The one before, while both are in use after it was rolled.",
    },
    options={
        "action_page": "The shop's page that hands a buyer's action to Stripe.js.",
        "payment_method_types": "What buyers may pay with, separated by commas; card by default.",
        "multicapture": "yes: several captures of one authorisation, where the card allows it.",
    },
    required=frozenset({"api_key", "webhook_secret"}),
    open=_open,
)
