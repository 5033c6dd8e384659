"""The state of a payment, folded from its events. Amounts are minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias, assert_never

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import (
    PAYMENT_EVENTS,
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
from oms_ledger.kernel import Event, Ref, State

REPORTS_REMEMBERED = 200
"""Newest reports of the provider whose ids a payment keeps, so that a repeated one changes
nothing. Older ones fall under the guards of amounts."""


@dataclass(slots=True)
class PaymentTotals:
    """`authorised` is all that ever was; what of it is `released` was voided or has expired."""

    authorised: int = 0
    released: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0

    @property
    def open(self) -> int:
        """Authorised and neither captured nor released."""
        return self.authorised - self.released - self.captured

    @property
    def kept(self) -> int:
        """Captured and neither refunded nor charged back."""
        return self.captured - self.refunded - self.charged_back


@dataclass(slots=True)
class OpenCapture:
    """With `final` the rest of the authorisation is released once `amount` was captured."""

    amount: int
    final: bool


@dataclass(slots=True)
class Payment(State):
    """`outcome` is `pending`, `requires_action`, `failed` or, once the provider reserved or took
    money, `accepted`. `capturing` and `refunding` are those whose outcome is open, by capture id
    and refund id; `voiding`: a void's is. `discrepancies` are the explanations of those that
    nobody has resolved, by id. `closed`: the authorisation has ended, so that nothing can be
    captured but what is in `capturing`."""

    category: ClassVar[str] = "payment"
    grows: ClassVar[bool] = True
    version: int = 0
    requested: PaymentRequested | None = None
    outcome: str = "pending"
    totals: PaymentTotals = field(default_factory=PaymentTotals)
    capturing: dict[str, OpenCapture] = field(default_factory=dict)
    refunding: dict[str, int] = field(default_factory=dict)
    voiding: bool = False
    expires_at: datetime | None = None
    action_url: str | None = None
    provider_event_ids: list[str] = field(default_factory=list)
    discrepancies: dict[str, str] = field(default_factory=dict)
    closed: bool = False

    @property
    def owner(self) -> Ref | None:
        return None if self.requested is None else (Order, self.requested.order_id)

    @property
    def first_event(self) -> PaymentRequested:
        """`ValueError` for a payment that was never requested."""
        if self.requested is None:
            raise ValueError("a payment's first event is PaymentRequested")
        return self.requested

    @property
    def status(self) -> str:
        return payment_status(self)

    @property
    def capturable(self) -> int:
        """What can still be captured, captures on their way aside."""
        return self.totals.open - sum(capture.amount for capture in self.capturing.values())

    @property
    def refundable(self) -> int:
        """What can still be refunded, refunds on their way aside."""
        return self.totals.kept - sum(self.refunding.values())

    def apply(self, event: Event) -> None:
        if not isinstance(event, PAYMENT_EVENTS):
            raise TypeError(f"{event.type} does not belong to a payment")
        _apply(self, event)


def payment_status(payment: Payment) -> str:
    """pending, requires_action, failed, authorised, partially_captured, captured,
    partially_refunded, refunded, charged_back or voided."""
    totals = payment.totals
    if payment.outcome != "accepted":
        return payment.outcome
    if totals.charged_back:
        return "charged_back"
    if totals.refunded:
        return "refunded" if totals.refunded >= totals.captured else "partially_refunded"
    if totals.captured:
        return "partially_captured" if totals.open > 0 else "captured"
    return "authorised" if totals.open > 0 else "voided"


OutcomeEvent: TypeAlias = (
    PaymentRequested
    | PaymentActionRequired
    | PaymentAuthorised
    | PaymentFailed
    | VoidRequested
    | PaymentVoided
    | VoidFailed
    | AuthorisationExpired
)
CaptureEvent: TypeAlias = CaptureRequested | PaymentCaptured | CaptureFailed
RefundEvent: TypeAlias = RefundRequested | PaymentRefunded | RefundFailed
DisputeEvent: TypeAlias = PaymentChargedBack | ChargeBackReversed


def _apply(payment: Payment, event: PaymentEvent) -> None:
    match event:
        case CaptureRequested() | PaymentCaptured() | CaptureFailed():
            _apply_capture(payment, event)
        case RefundRequested() | PaymentRefunded() | RefundFailed():
            _apply_refund(payment, event)
        case PaymentChargedBack() | ChargeBackReversed():
            _apply_dispute(payment.totals, event)
        case PaymentDiscrepancyRecorded():
            payment.discrepancies[event.discrepancy_id] = event.explanation
        case PaymentDiscrepancyResolved():
            del payment.discrepancies[event.discrepancy_id]
        case ProviderReportReceived():
            payment.provider_event_ids.append(event.provider_event_id)
            del payment.provider_event_ids[:-REPORTS_REMEMBERED]
        case _:
            _apply_outcome(payment, event)


def _apply_outcome(payment: Payment, event: OutcomeEvent) -> None:
    totals = payment.totals
    match event:
        case PaymentRequested():
            payment.requested = event
        case PaymentActionRequired():
            payment.outcome, payment.action_url = "requires_action", event.url
        case PaymentAuthorised():
            payment.outcome, payment.action_url = "accepted", None
            totals.authorised += event.amount.minor
            payment.expires_at = event.expires_at
        case PaymentFailed():
            payment.outcome, payment.action_url = "failed", None
        case VoidRequested():
            payment.voiding = True
        case PaymentVoided():
            payment.voiding, payment.expires_at = False, None
            payment.outcome = "accepted"
            totals.released += event.amount.minor
            payment.closed = True
        case VoidFailed():
            payment.voiding = False
        case AuthorisationExpired():
            payment.voiding, payment.expires_at = False, None
            totals.released += event.amount.minor
            payment.closed = True
        case _:
            assert_never(event)


def _apply_capture(payment: Payment, event: CaptureEvent) -> None:
    match event:
        case CaptureRequested():
            payment.capturing[event.capture_id] = OpenCapture(event.amount.minor, event.final)
        case PaymentCaptured():
            payment.capturing.pop(event.capture_id, None)
            payment.totals.captured += event.amount.minor
        case CaptureFailed():
            payment.capturing.pop(event.capture_id, None)
        case _:
            assert_never(event)


def _apply_refund(payment: Payment, event: RefundEvent) -> None:
    match event:
        case RefundRequested():
            payment.refunding[event.refund_id] = event.amount.minor
        case PaymentRefunded():
            payment.refunding.pop(event.refund_id, None)
            payment.totals.refunded += event.amount.minor
        case RefundFailed():
            payment.refunding.pop(event.refund_id, None)
        case _:
            assert_never(event)


def _apply_dispute(totals: PaymentTotals, event: DisputeEvent) -> None:
    match event:
        case PaymentChargedBack():
            totals.charged_back += event.amount.minor
        case ChargeBackReversed():
            totals.charged_back -= event.amount.minor
        case _:
            assert_never(event)
