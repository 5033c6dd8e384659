"""What follows from a provider's report about a payment. Reports may come twice, late, and in any
order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import CreditGranted
from oms_ledger.domain.payments.events import (
    AuthorisationExpired,
    CaptureFailed,
    ChargeBackReversed,
    PaymentActionRequired,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentDiscrepancyRecorded,
    PaymentEvent,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    ProviderReportReceived,
    RefundFailed,
    RefundRequested,
    VoidFailed,
)
from oms_ledger.domain.payments.rules import payment_changes
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Change, Given

ReportKind = Literal[
    "requires_action",
    "authorised",
    "failed",
    "captured",
    "capture_failed",
    "voided",
    "void_failed",
    "authorisation_expired",
    "refunded",
    "refund_failed",
    "charged_back",
    "charge_back_reversed",
]


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """`request_id` is the capture or refund that the report answers; None where it was begun at
    the provider, or only one is open. `amount` is in minor units."""

    kind: ReportKind
    provider_event_id: str
    amount: int | None = None
    reference: str | None = None
    request_id: str | None = None
    code: str | None = None
    text: str | None = None
    url: str | None = None
    expires_at: datetime | None = None


def report_changes(payment: Payment, report: ProviderReport, given: Given) -> list[Change]:
    """The events that follow from a report; none where the same one was received before."""
    requested = payment.first_event
    if report.provider_event_id in payment.provider_event_ids:
        return []
    events = _RULES[report.kind](payment, requested, report)
    received = ProviderReportReceived(requested.payment_id, report.provider_event_id, report.kind)
    return [
        *_favour(requested, report, events, given),
        *payment_changes(payment, [received, *events]),
    ]


def _favour(
    requested: PaymentRequested,
    report: ProviderReport,
    events: Sequence[PaymentEvent],
    given: Given,
) -> list[Change]:
    """What is granted with a refund that was begun at the provider: all of it that is above the
    order's credit."""
    begun = next((event for event in events if isinstance(event, RefundRequested)), None)
    if begun is None:
        return []
    favour = begun.amount.minor - existing_order(given, requested.order_id).balance.credit
    if favour <= 0:
        return []
    granted = CreditGranted(
        requested.order_id,
        begun.reason,
        begun.amount.currency,
        adjustment=favour,
        reference=report.provider_event_id,
    )
    return [Change(granted)]


def _requires_action(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    if payment.outcome != "pending":
        return []  # the action was done before this report came
    url = _required(report.url, "url", "Write the address that the buyer must open.")
    return [PaymentActionRequired(requested.payment_id, url, report.reference)]


def _authorised(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    if payment.totals.authorised:
        return []  # captured or authorised already
    if payment.outcome == "accepted":
        return [_discrepancy(requested, report, "the payment was voided before")]
    amount = report.amount or requested.amount.minor
    authorised = PaymentAuthorised(
        requested.payment_id, _money(amount, requested), report.reference, report.expires_at
    )
    return [authorised]


def _failed(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    if payment.outcome == "failed":
        return []
    if payment.outcome == "accepted":
        return [_discrepancy(requested, report, f"the payment is {payment.status}")]
    return [PaymentFailed(requested.payment_id, report.code or "declined", report.text)]


def _captured(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    payment_id = requested.payment_id
    events: list[PaymentEvent] = []
    free = payment.totals.open
    if payment.outcome != "accepted":  # the report of the authorisation is late, or never comes
        events.append(PaymentAuthorised(payment_id, requested.amount, report.reference))
        free = requested.amount.minor
    capture_id = _request_of(payment.capturing.keys(), report)
    expected = payment.capturing.get(capture_id)
    amount = report.amount or (expected.amount if expected else free)
    if amount > free or amount <= 0:
        explanation = (
            f"only {to_text(free, requested.amount.currency)} is authorised and not captured"
        )
        return [_discrepancy(requested, report, explanation)]
    events.append(
        PaymentCaptured(payment_id, capture_id, _money(amount, requested), report.reference)
    )
    others = sum(c.amount for other, c in payment.capturing.items() if other != capture_id)
    rest = max(0, free - amount - others)
    ends = expected is not None and expected.final and not payment.closed
    if (ends and (rest or others)) or (payment.closed and rest):
        events.append(PaymentVoided(payment_id, _money(rest, requested)))
    return events


def _capture_failed(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    capture_id = _request_of(payment.capturing.keys(), report)
    if capture_id not in payment.capturing:
        return []
    payment_id = requested.payment_id
    failed = CaptureFailed(payment_id, capture_id, report.code or "declined", report.text)
    if not payment.closed:
        return [failed]
    # The authorisation has ended before, and with it what this capture would have taken.
    freed = payment.capturable + payment.capturing[capture_id].amount
    return [failed, PaymentVoided(payment_id, _money(freed, requested))]


def _voided(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    """Reports come in any order: that the rest was released with a final capture may come before
    the outcome of that capture. So what is being captured stays open."""
    if payment.outcome == "accepted" and payment.totals.open <= 0:
        if payment.totals.captured and not payment.totals.released:
            return [_discrepancy(requested, report, "all of it was captured")]
        return []
    rest = max(0, payment.capturable)
    return [PaymentVoided(requested.payment_id, _money(rest, requested), report.reference)]


def _void_failed(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    """A person must compare what ledger and provider have: unlike a capture or a refund that
    failed, nothing else shows that money of the buyer's is still reserved."""
    if not payment.voiding:
        return []
    of_all = replace(report, amount=payment.totals.open)
    return [
        VoidFailed(requested.payment_id, report.code or "declined", report.text),
        _discrepancy(requested, of_all, "so much is authorised and not captured"),
    ]


def _expired(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    if payment.totals.open <= 0:
        return []
    rest = max(0, payment.capturable)  # what is being captured has an outcome of its own
    return [AuthorisationExpired(requested.payment_id, _money(rest, requested))]


def _refunded(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    payment_id = requested.payment_id
    refund_id = _request_of(payment.refunding.keys(), report)
    expected = payment.refunding.get(refund_id)
    amount = report.amount or expected or payment.refundable
    money = _money(amount, requested)
    if expected is not None and amount == expected:
        return [PaymentRefunded(payment_id, refund_id, money, report.reference)]
    if expected is not None or amount > payment.refundable or amount <= 0:
        currency = requested.amount.currency
        limit = expected if expected is not None else max(0, payment.refundable)
        explanation = f"{to_text(limit, currency)} was to be refunded or can be"
        return [_discrepancy(requested, report, explanation)]
    return [
        RefundRequested(payment_id, refund_id, money, "refunded at the provider"),
        PaymentRefunded(payment_id, refund_id, money, report.reference),
    ]


def _refund_failed(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    refund_id = _request_of(payment.refunding.keys(), report)
    if refund_id not in payment.refunding:
        return []
    return [RefundFailed(requested.payment_id, refund_id, report.code or "declined", report.text)]


def _charged_back(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    kept = payment.totals.kept
    amount = report.amount or kept
    if amount > kept or amount <= 0:
        explanation = f"only {to_text(max(0, kept), requested.amount.currency)} of it is left"
        return [_discrepancy(requested, report, explanation)]
    return [
        PaymentChargedBack(
            requested.payment_id, _money(amount, requested), report.reference, report.code
        )
    ]


def _reversed(
    payment: Payment, requested: PaymentRequested, report: ProviderReport
) -> list[PaymentEvent]:
    charged_back = payment.totals.charged_back
    amount = report.amount or charged_back
    if amount > charged_back or amount <= 0:
        explanation = f"only {to_text(charged_back, requested.amount.currency)} was charged back"
        return [_discrepancy(requested, report, explanation)]
    return [ChargeBackReversed(requested.payment_id, _money(amount, requested), report.reference)]


def _request_of(open_requests: Collection[str], report: ProviderReport) -> str:
    """The capture or refund that a report answers: the one it names, the only one that is open, or
    a new one that was begun at the provider."""
    if report.request_id is not None:
        return report.request_id
    requests = list(open_requests)
    return requests[0] if len(requests) == 1 else report.provider_event_id


def _discrepancy(
    requested: PaymentRequested, report: ProviderReport, explanation: str
) -> PaymentDiscrepancyRecorded:
    amount = _money(report.amount or 0, requested)
    return PaymentDiscrepancyRecorded(
        requested.payment_id,
        report.provider_event_id,
        report.kind,
        amount,
        f"The provider reports {report.kind} ({amount}), but {explanation}.",
        report.reference,
    )


def _money(minor: int, requested: PaymentRequested) -> Money:
    return Money(minor, requested.amount.currency)


def _required(value: str | None, field: str, remedy: str) -> str:
    if value is None:
        raise invalid_field(field, remedy)
    return value


Rule = Callable[[Payment, PaymentRequested, ProviderReport], list[PaymentEvent]]
_RULES: dict[str, Rule] = {
    "requires_action": _requires_action,
    "authorised": _authorised,
    "failed": _failed,
    "captured": _captured,
    "capture_failed": _capture_failed,
    "voided": _voided,
    "void_failed": _void_failed,
    "authorisation_expired": _expired,
    "refunded": _refunded,
    "refund_failed": _refund_failed,
    "charged_back": _charged_back,
    "charge_back_reversed": _reversed,
}
