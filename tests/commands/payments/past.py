"""Pasts of payments: what was requested, authorised and captured of order `o1` (20.25 GBP: six
units at 2.55, shipping at 4.95)."""

from __future__ import annotations

from oms_ledger.domain.money import Money
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentRequested,
)
from oms_ledger.domain.payments.rules import payment_changes
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Event
from tests.commands.shop import UNDER_WAY, six

TOTAL = 2025


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def paid_by(payment_id: str, *events: PaymentEvent) -> tuple[Event, ...]:
    """A payment's events, each with what followed for its order."""
    payment = Payment()
    past: list[Event] = []
    for event in events:
        past += [change.event for change in payment_changes(payment, [event])]
        payment.apply(event)
    assert payment.requested is not None
    assert payment.requested.payment_id == payment_id
    return tuple(past)


def requested(
    payment_id: str = "p1", minor: int = TOTAL, provider: str = "manual"
) -> PaymentRequested:
    return PaymentRequested(payment_id, "o1", provider, gbp(minor), "manual")


def authorised(
    payment_id: str = "p1", minor: int = TOTAL, provider: str = "manual"
) -> tuple[Event, ...]:
    return paid_by(
        payment_id,
        requested(payment_id, minor, provider),
        PaymentAuthorised(payment_id, gbp(minor)),
    )


def captured(
    payment_id: str = "p1", minor: int = TOTAL, provider: str = "manual"
) -> tuple[Event, ...]:
    return paid_by(
        payment_id,
        requested(payment_id, minor, provider),
        PaymentAuthorised(payment_id, gbp(minor)),
        CaptureRequested(payment_id, "c1", gbp(minor)),
        PaymentCaptured(payment_id, "c1", gbp(minor)),
    )


AUTHORISED = (*six(), *authorised())
"""An order whose whole total is authorised."""

PAID = (*six(), *captured())
"""An order that is paid and has not shipped."""

PAID_AND_SENT = (*UNDER_WAY, *captured())
"""An order that is paid, all of it on its way."""

PENDING = (*six(), *paid_by("p1", requested(provider="external")))
"""An order whose payment waits for its provider's word."""
