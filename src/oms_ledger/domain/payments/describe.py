"""Events of payments as sentences."""

from __future__ import annotations

from typing import assert_never

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
from oms_ledger.domain.payments.state import CaptureEvent, RefundEvent
from oms_ledger.domain.phrases import note_suffix


def describe_payment(event: PaymentEvent) -> str:
    match event:
        case CaptureRequested() | PaymentCaptured() | CaptureFailed():
            return _describe_capture(event)
        case RefundRequested() | PaymentRefunded() | RefundFailed():
            return _describe_refund(event)
        case PaymentRequested():
            return f"Payment of {event.amount} requested from {event.provider}"
        case PaymentActionRequired():
            return "The buyer must act before the payment is authorised"
        case PaymentAuthorised():
            return f"{event.amount} authorised"
        case PaymentFailed():
            return f"The payment failed: {event.code}{note_suffix(event.text)}"
        case VoidRequested():
            return f"Release of the authorisation requested{note_suffix(event.reason)}"
        case PaymentVoided():
            return f"{event.amount} released"
        case VoidFailed():
            return f"The release failed: {event.code}{note_suffix(event.text)}"
        case AuthorisationExpired():
            return f"The authorisation of {event.amount} expired"
        case PaymentChargedBack():
            return f"{event.amount} charged back by the buyer's bank{note_suffix(event.reason)}"
        case ChargeBackReversed():
            return f"Charge-back of {event.amount} reversed"
        case PaymentDiscrepancyRecorded():
            return f"Discrepancy: {event.explanation}"
        case PaymentDiscrepancyResolved():
            return f"Discrepancy {event.discrepancy_id} resolved{note_suffix(event.note)}"
        case ProviderReportReceived():
            return f"The provider reported {event.kind} ({event.provider_event_id})"
        case _:
            assert_never(event)


def _describe_capture(event: CaptureEvent) -> str:
    match event:
        case CaptureRequested():
            return f"Capture of {event.amount} requested"
        case PaymentCaptured():
            return f"{event.amount} captured"
        case CaptureFailed():
            return f"The capture failed: {event.code}{note_suffix(event.text)}"
        case _:
            assert_never(event)


def _describe_refund(event: RefundEvent) -> str:
    match event:
        case RefundRequested():
            return f"Refund of {event.amount} requested; reason: {event.reason}"
        case PaymentRefunded():
            return f"{event.amount} refunded"
        case RefundFailed():
            return f"The refund failed: {event.code}{note_suffix(event.text)}"
        case _:
            assert_never(event)
