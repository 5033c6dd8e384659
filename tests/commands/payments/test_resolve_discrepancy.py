"""Resolving a discrepancy."""

from __future__ import annotations

from oms_commands.payments.resolve_discrepancy import ResolvePaymentDiscrepancy
from oms_ledger.domain.payments.events import (
    PaymentDiscrepancyRecorded,
    PaymentDiscrepancyResolved,
)
from oms_ledger.testing import given
from tests.commands.payments.past import PAID, gbp

BODY = {"order_id": "o1", "payment_id": "p1", "discrepancy_id": "d1", "note": "refunded by hand"}
OPEN = PaymentDiscrepancyRecorded("p1", "d1", "captured", gbp(100), "It was voided.")


def test_it_is_closed_with_a_note() -> None:
    past = given(*PAID, OPEN)
    decision = past.when(ResolvePaymentDiscrepancy, **BODY)
    decision.then(PaymentDiscrepancyResolved("p1", "d1", "refunded by hand"))
    assert decision.answer["discrepancies"] == []


def test_one_that_is_not_open() -> None:
    given(*PAID).when(ResolvePaymentDiscrepancy, **BODY).then_refused("not_found")
