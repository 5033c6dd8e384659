"""The calls to a payment provider that the events of a payment request."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentActionRequired,
    PaymentAuthorised,
    PaymentRequested,
    RefundRequested,
    VoidRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    AuthoriseCall,
    CaptureCall,
    RefundCall,
    VoidCall,
)
from oms_ledger.kernel import Log, Recorded


class CallFields(TypedDict):
    """What every call about a payment has."""

    call_id: str
    order_id: str
    payment_id: str
    amount: Money
    reference: str
    requested_at: datetime


def call_of(recorded: Recorded, payment: Payment, log: Log) -> AnyPaymentCall:
    """The call that an event requests, of a payment as it is now."""
    match recorded.event:
        case PaymentRequested() as event:
            return _authorise(event, recorded, payment, log)
        case CaptureRequested() as event:
            return _capture(event, recorded, payment, log)
        case VoidRequested():
            return _void(recorded, payment, log)
        case RefundRequested() as event:
            fields = _fields(event.refund_id, event.amount, recorded, payment, log)
            return RefundCall(**fields, reason=event.reason)
        case other:
            raise TypeError(f"{other.type} requests nothing of a provider")


def _authorise(
    event: PaymentRequested, recorded: Recorded, payment: Payment, log: Log
) -> AuthoriseCall:
    placed = log.fold(Order, event.order_id).placed
    return AuthoriseCall(
        **_fields(event.payment_id, event.amount, recorded, payment, log),
        automatic=event.capture == "automatic",
        method_token=event.method_token,
        return_url=event.return_url,
        order_number=None if placed is None else placed.number,
    )


def _capture(
    event: CaptureRequested, recorded: Recorded, payment: Payment, log: Log
) -> CaptureCall:
    return CaptureCall(
        **_fields(event.capture_id, event.amount, recorded, payment, log),
        final=event.final,
    )


def _void(recorded: Recorded, payment: Payment, log: Log) -> VoidCall:
    """A void has no id of its own: the position of its event names it."""
    requested = payment.first_event
    amount = Money(payment.totals.open, requested.amount.currency)
    call_id = f"{requested.payment_id}:void:{recorded.position}"
    return VoidCall(**_fields(call_id, amount, recorded, payment, log))


def _fields(
    call_id: str, amount: Money, recorded: Recorded, payment: Payment, log: Log
) -> CallFields:
    requested = payment.first_event
    return {
        "call_id": call_id,
        "order_id": requested.order_id,
        "payment_id": requested.payment_id,
        "amount": amount,
        "reference": reference_of(recorded.stream, log),
        "requested_at": recorded.meta.recorded_at,
    }


def reference_of(stream: str, log: Log) -> str:
    """The provider's newest name of the payment; empty where there is none yet."""
    reference = ""
    for each in log.history(stream):
        if isinstance(each.event, PaymentActionRequired | PaymentAuthorised):
            reference = each.event.reference or reference
    return reference
