"""Gateways beside stand-ins for their providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from oms_ledger.integrations.payments import paypal
from oms_ledger.integrations.ports import PaymentGateway, VendorAccount, VendorHttp, WebhookRequest
from oms_ledger.testing.manual_gateway import ManualGateway
from oms_ledger.testing.payment_gateways import FactLedger, ProviderTotals
from oms_ledger.testing.paypal.api import CLIENT_ID, CLIENT_SECRET, WEBHOOK_ID, PayPalStandIn
from oms_ledger.testing.paypal.http import StandInHttp

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


class ManualBench:
    remembers = False
    webhooks = False
    good_token: str | None = None
    bad_token: str | None = None
    return_url: str | None = None

    def __init__(self) -> None:
        self.gateway: PaymentGateway = ManualGateway()

    def approve(self, reference: str) -> None:
        raise AssertionError("nobody approves")

    def lose_answers(self, count: int) -> None:
        raise AssertionError("nobody answers")

    def totals(self, payment_id: str) -> ProviderTotals:
        return ProviderTotals()

    def requests(self) -> Iterator[WebhookRequest]:
        return iter(())

    def now(self) -> datetime:
        return NOW


class PayPalBench:
    """With `forgetful` the stand-in does twice what is sent twice, and with `lenient` it refuses
    nothing that is too much."""

    remembers = True
    webhooks = True
    good_token: str | None = None
    bad_token: str | None = None
    return_url: str | None = "https://shop.example/thanks"

    def __init__(
        self,
        make: Callable[[VendorAccount], PaymentGateway] = paypal.VENDOR.open,
        *,
        forgetful: bool = False,
        http: Callable[[PayPalStandIn], VendorHttp] = StandInHttp,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.now = Clock()
        self.stand_in = PayPalStandIn(now=self.now, forgetful=forgetful)
        self.account = paypal_account(http(self.stand_in), self.now, options)
        self.gateway = make(self.account)

    def approve(self, reference: str) -> None:
        self.stand_in.approve(reference)

    def lose_answers(self, count: int) -> None:
        self.stand_in.faults.extend(["after"] * count)

    def totals(self, payment_id: str) -> ProviderTotals:
        total = self.stand_in.books.totals().get(payment_id)
        return (
            ProviderTotals()
            if total is None
            else ProviderTotals(total["captured"], total["refunded"])
        )

    def requests(self) -> Iterator[WebhookRequest]:
        return (WebhookRequest(event.headers(), event.body) for event in self.stand_in.events)


def paypal_account(
    http: VendorHttp, now: Callable[[], datetime], options: Mapping[str, str] | None = None
) -> VendorAccount:
    return VendorAccount(
        "paypal",
        "paypal",
        "http://paypal.test",
        http,
        now,
        {"webhook_id": WEBHOOK_ID, "webhook_verification": "api", **(options or {})},
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
    )


def ledger_of(*outcomes: object) -> FactLedger:
    """What the ledger would have after these outcomes, which must be good."""
    ledger = FactLedger()
    for outcome in outcomes:
        facts = getattr(outcome, "facts", None)
        assert facts is not None, outcome
        ledger.report(facts)
    return ledger
