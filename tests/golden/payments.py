"""What the golden files of payments mean."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.payments.events import (
    AuthorisationExpired,
    CaptureFailed,
    CaptureRequested,
    ChargeBackReversed,
    PaymentActionRequired,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentDiscrepancyRecorded,
    PaymentDiscrepancyResolved,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    ProviderReportReceived,
    RefundFailed,
    RefundRequested,
    VoidFailed,
    VoidRequested,
)

_AMOUNT = Money(2025, "GBP")

PAYMENT_LITERALS: tuple[PaymentEvent, ...] = (
    PaymentRequested(
        "p1",
        "o1",
        "external",
        _AMOUNT,
        "manual",
        "till-2",
        "pm_1",
        "https://shop.example/thanks",
        True,
        "web",
        "17850",
    ),
    PaymentActionRequired("p1", "https://bank.example/3ds", "pi_1"),
    PaymentAuthorised("p1", _AMOUNT, "pi_1", datetime(2026, 1, 8, tzinfo=UTC)),
    PaymentFailed("p1", "declined", "Insufficient funds"),
    CaptureRequested("p1", "c1", _AMOUNT, True),
    PaymentCaptured("p1", "c1", _AMOUNT, "ch_1"),
    CaptureFailed("p1", "c1", "expired", "Too late"),
    VoidRequested("p1", "cancelled"),
    PaymentVoided("p1", _AMOUNT, "pi_1"),
    VoidFailed("p1", "captured", "It was captured"),
    AuthorisationExpired("p1", _AMOUNT),
    RefundRequested(
        "p1", "r1", _AMOUNT, "damaged", (LineQuantity("1", 2),), 495, "store_credit:a1"
    ),
    PaymentRefunded("p1", "r1", _AMOUNT, "re_1"),
    RefundFailed("p1", "r1", "closed", "The card was closed"),
    PaymentChargedBack("p1", _AMOUNT, "dp_1", "fraudulent"),
    ChargeBackReversed("p1", _AMOUNT, "dp_1"),
    PaymentDiscrepancyRecorded("p1", "d1", "captured", _AMOUNT, "It was voided.", "ch_2"),
    PaymentDiscrepancyResolved("p1", "d1", "Refunded by hand"),
    ProviderReportReceived("p1", "evt_1", "captured"),
)
