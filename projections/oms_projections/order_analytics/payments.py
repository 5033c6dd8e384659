"""Events of payments folded into their rows of figures."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.payments.events import (
    ChargeBackReversed,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentChargedBack,
    PaymentFailed,
    PaymentRefunded,
    PaymentRequested,
    RefundFailed,
    RefundRequested,
)
from oms_ledger.kernel import Recorded
from oms_projections.order_analytics.rows import PaymentFigureRow

PaymentChange = (
    PaymentAuthorised
    | PaymentFailed
    | PaymentCaptured
    | RefundRequested
    | PaymentRefunded
    | RefundFailed
    | PaymentChargedBack
    | ChargeBackReversed
)
FOLLOWED = (
    PaymentAuthorised,
    PaymentFailed,
    PaymentCaptured,
    RefundRequested,
    PaymentRefunded,
    RefundFailed,
    PaymentChargedBack,
    ChargeBackReversed,
)
"""What changes the figures of a payment after it was requested."""

SECONDS = 3600


def requested(r: Recorded, event: PaymentRequested) -> PaymentFigureRow:
    return PaymentFigureRow(
        payment_id=event.payment_id,
        order_id=event.order_id,
        channel=None if event.channel is None else channel_key(event.channel),
        sensitive=event.sensitive,
        provider=event.provider,
        currency=event.amount.currency,
        requested_at=r.meta.happened_at,
        requested=event.amount.minor,
    )


def changed(row: PaymentFigureRow, r: Recorded, event: PaymentChange) -> None:
    at = r.meta.happened_at
    match event:
        case PaymentAuthorised():
            row.authorised += event.amount.minor
            row.authorised_at, row.failed = row.authorised_at or at, False
        case PaymentFailed():
            row.failed = True
        case PaymentCaptured():
            row.captured += event.amount.minor
            row.captured_at = row.captured_at or at
        case RefundRequested():
            row.refund_requests[event.refund_id] = rfc3339(at)
        case PaymentRefunded():
            row.refunded += event.amount.minor
            begun = datetime.fromisoformat(row.refund_requests.pop(event.refund_id, rfc3339(at)))
            row.refund_hours = [*row.refund_hours, (at - begun).total_seconds() / SECONDS]
        case RefundFailed():
            row.refund_requests.pop(event.refund_id, None)
        case PaymentChargedBack():
            row.charged_back += event.amount.minor
            row.charge_backs += 1
        case ChargeBackReversed():
            row.charged_back -= event.amount.minor
