"""The pages of payment providers name what the program knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from oms_ledger.integrations.payments import paypal, stripe
from oms_ledger.integrations.payments.paypal import webhook as paypal_webhook
from oms_ledger.integrations.payments.stripe import webhook as stripe_webhook
from oms_ledger.integrations.ports import PaymentGateway, Vendor

PAGES = Path(__file__).parents[2] / "docs" / "integrations"
VENDORS = [(stripe.VENDOR, stripe_webhook.KINDS), (paypal.VENDOR, paypal_webhook.KINDS)]


@pytest.mark.parametrize(("vendor", "kinds"), VENDORS)
def test_a_page_names_secrets_options_and_events(
    vendor: Vendor[PaymentGateway], kinds: frozenset[str]
) -> None:
    page = (PAGES / f"{vendor.name}.md").read_text("utf-8")
    wanted = {*vendor.secrets, *vendor.options, *kinds}
    assert {name for name in wanted if f"`{name}`" not in page} == set()
