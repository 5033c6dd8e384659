"""Releasing an authorisation."""

from __future__ import annotations

from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.orders.events import PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentVoided,
    VoidRequested,
)
from oms_ledger.testing import given
from tests.commands.payments.past import AUTHORISED, PAID, PENDING, TOTAL, gbp, paid_by, requested
from tests.commands.shop import six

BODY = {"order_id": "o1", "payment_id": "p1"}


def test_what_is_authorised_is_released() -> None:
    given(*AUTHORISED).when(VoidPayment, **BODY, reason="cancelled").then(
        VoidRequested("p1", "cancelled"),
        PaymentVoided("p1", gbp(TOTAL)),
        PaymentProgressed("o1", "p1", "manual", "voided", "GBP", 0, 0, 0, 0, 0, 0),
    )


def test_what_was_captured_cannot_be() -> None:
    refusal = given(*PAID).when(VoidPayment, **BODY).then_refused("illegal_transition")
    assert "captured" in refusal.detail
    assert "refunded" in refusal.detail


def test_not_before_the_provider_has_answered() -> None:
    given(*PENDING).when(VoidPayment, **BODY).then_refused("payment_pending")


def test_not_while_a_capture_is_on_its_way() -> None:
    external = paid_by(
        "p1",
        requested(provider="external"),
        PaymentAuthorised("p1", gbp(TOTAL)),
        CaptureRequested("p1", "c1", gbp(TOTAL)),
    )
    given(*six(), *external).when(VoidPayment, **BODY).then_refused("payment_pending")
