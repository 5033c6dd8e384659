"""What payment providers are called for, and the reports of what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from oms_commands.payments.report import ReportPayment
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.money import to_text
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentRequested,
    RefundRequested,
    VoidRequested,
)
from oms_ledger.domain.payments.reports import ProviderReport, ReportKind
from oms_ledger.domain.payments.rules import WITHOUT_CONNECTION
from oms_ledger.domain.payments.state import Payment
from oms_ledger.integrations.payments.calls import call_of
from oms_ledger.integrations.performer import Performed
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    AuthoriseCall,
    CaptureCall,
    NoAnswer,
    PaymentFact,
    PaymentGateway,
    PaymentOutcome,
    RefundCall,
    Unknown,
    VendorRefused,
    VoidCall,
    WebhookMessage,
)
from oms_ledger.kernel import Command, Effect, Log, Recorded

RequestEvent: TypeAlias = PaymentRequested | CaptureRequested | VoidRequested | RefundRequested

_FAILURE: Mapping[type[RequestEvent], ReportKind] = {
    PaymentRequested: "failed",
    CaptureRequested: "capture_failed",
    VoidRequested: "void_failed",
    RefundRequested: "refund_failed",
}
"""The kind of report by which a provider refuses what an event requests."""


def connection_of(recorded: Recorded, log: Log) -> str | None:
    """The account at a provider that a payment goes through; None for one that the ledger settles
    itself, that a payment system of the merchant's carries out, or that was taken elsewhere."""
    event = recorded.event
    assert isinstance(event, PaymentRequested | CaptureRequested | VoidRequested | RefundRequested)
    if isinstance(event, PaymentRequested):
        requested = event
    else:
        if isinstance(event, RefundRequested) and event.destination is not None:
            return None
        requested = log.fold(Payment, event.payment_id).first_event
    if requested.provider in WITHOUT_CONNECTION:
        return None
    return requested.connection


class PaymentEffect:
    """Authorises, captures, releases and refunds at payment providers."""

    effect = Effect(
        "payments",
        frozenset(
            event.type
            for event in (PaymentRequested, CaptureRequested, VoidRequested, RefundRequested)
        ),
        connection_of,
    )

    def perform(
        self, adapter: PaymentGateway, event: Recorded, log: Log, *, uncertain: bool
    ) -> Performed:
        request = event.event
        assert isinstance(
            request, PaymentRequested | CaptureRequested | VoidRequested | RefundRequested
        )
        payment = log.fold(Payment, request.payment_id)
        if not is_open(request, payment):
            return Performed()
        call = call_of(event, payment, log)
        outcome = _outcome(adapter, call, uncertain=uncertain)
        if isinstance(outcome, Unknown):
            return Performed(unknown=outcome)
        if isinstance(outcome, VendorRefused):
            return _refused(event, request, outcome, payment)
        return Performed([report_of(fact, payment.first_event) for fact in outcome.facts])

    def translate(
        self, adapter: PaymentGateway, connection: str, message: WebhookMessage, log: Log
    ) -> Sequence[Command]:
        """A fact about a payment of another ledger, of another user of the account, or through
        another connection (a test account that names a payment of the real one) is none."""
        commands: list[Command] = []
        for fact in adapter.facts(message):
            requested = log.fold(Payment, fact.payment_id).requested
            if requested is not None and requested.connection == connection:
                commands.append(report_of(fact, requested))
        return commands


def is_open(request: RequestEvent, payment: Payment) -> bool:
    """Whether the outcome of a request is not in the ledger yet."""
    match request:
        case PaymentRequested():
            return payment.outcome == "pending"
        case CaptureRequested():
            return request.capture_id in payment.capturing
        case VoidRequested():
            return payment.voiding
        case RefundRequested():
            return request.refund_id in payment.refunding


def _outcome(gateway: PaymentGateway, call: AnyPaymentCall, *, uncertain: bool) -> PaymentOutcome:
    try:
        if uncertain:
            earlier = gateway.lookup(call)
            if earlier is not None:
                return earlier
        return _called(gateway, call)
    except NoAnswer as error:
        return Unknown(error.code, error.retry_seconds)


def _called(gateway: PaymentGateway, call: AnyPaymentCall) -> PaymentOutcome:
    match call:
        case AuthoriseCall():
            return gateway.authorise(call)
        case CaptureCall():
            return gateway.capture(call)
        case VoidCall():
            return gateway.void(call)
        case RefundCall():
            return gateway.refund(call)


def _refused(
    event: Recorded, request: RequestEvent, outcome: VendorRefused, payment: Payment
) -> Performed:
    """The report of a refusal. It is named by the request, of which a void has no id: the position
    of its event names it."""
    requested = payment.first_event
    request_id = _request_id(request)
    name = request_id or requested.payment_id
    if isinstance(request, VoidRequested):
        name = f"{name}:{event.position}"
    report = ProviderReport(
        _FAILURE[type(request)],
        f"refused:{name}",
        request_id=request_id,
        code=outcome.code[:500],
        text=outcome.text[:500],
    )
    fact = PaymentFact(requested.payment_id, requested.amount.currency, report)
    return Performed([report_of(fact, requested)])


def _request_id(request: RequestEvent) -> str | None:
    match request:
        case CaptureRequested():
            return request.capture_id
        case RefundRequested():
            return request.refund_id
    return None


def report_of(fact: PaymentFact, requested: PaymentRequested) -> ReportPayment:
    """The command that reports a fact of a provider. `Refused` with `currency_mismatch`, so that a
    person looks, where it is in another currency than the payment."""
    report, currency = fact.report, requested.amount.currency
    if fact.currency != currency:
        raise Refused(
            f"The provider reports {report.kind} in {fact.currency[:3]}, but the payment is in"
            f" {currency}. Compare them at the provider.",
            code="currency_mismatch",
        )
    refund = report.kind in ("refunded", "refund_failed")
    return ReportPayment(
        order_id=requested.order_id,
        payment_id=fact.payment_id,
        kind=report.kind,
        provider_event_id=report.provider_event_id,
        amount=None if report.amount is None else to_text(report.amount, currency),  # type: ignore[arg-type]  # validated from text
        reference=report.reference,
        capture_id=None if refund else report.request_id,
        refund_id=report.request_id if refund else None,
        code=report.code,
        text=report.text,
        url=report.url,
        expires_at=report.expires_at,
        occurred_at=fact.occurred_at,
    )
