"""Recording money that was taken elsewhere."""

from __future__ import annotations

from datetime import timedelta

from oms_commands.payments.record import RecordPayment
from oms_ledger.domain.identifiers import recorded_payment_id
from oms_ledger.domain.orders.events import PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.payments.past import captured, gbp
from tests.commands.shop import six

BODY = {"order_id": "o1", "provider": "bank", "reference": "R 7", "amount": "20.25"}
ID = recorded_payment_id("o1", "bank", "R 7")


def test_it_is_captured_with_its_reference_and_date() -> None:
    then = CONTEXT.now - timedelta(days=2)
    decision = given(*six()).when(RecordPayment, **BODY, captured_at=then)
    decision.then(
        PaymentRequested(ID, "o1", "bank", gbp(2025), "automatic", channel="web"),
        PaymentAuthorised(ID, gbp(2025), "R 7"),
        CaptureRequested(ID, ID, gbp(2025), True),
        PaymentCaptured(ID, ID, gbp(2025), "R 7"),
        PaymentProgressed("o1", ID, "bank", "captured", "GBP", 0, 0, 2025, 0, 0, 0),
    )
    assert {change.occurred_at for change in decision.changes} == {then}


def test_what_was_refunded_since_is_recorded_with_it() -> None:
    decision = given(*six()).when(RecordPayment, **BODY, refunded="2.55")
    events = [change.event for change in decision.changes]
    assert events[4:6] == [
        RefundRequested(ID, ID, gbp(255), "refunded elsewhere"),
        PaymentRefunded(ID, ID, gbp(255), "R 7"),
    ]
    assert decision.answer["status"] == "partially_refunded"


def test_the_same_one_again_changes_nothing() -> None:
    first = given(*six()).when(RecordPayment, **BODY)
    past = (*six(), *(change.event for change in first.changes))
    given(*past).when(RecordPayment, **BODY).then()


def test_too_much_is_a_credit() -> None:
    decision = given(*six(), *captured()).when(RecordPayment, **BODY)
    money = decision.answer["money"]
    assert isinstance(money, dict)
    assert (money["due"], money["credit"]) == ("0.00", "20.25")


def test_in_another_currency_it_is_refused() -> None:
    given(*six()).when(RecordPayment, **BODY, currency="USD").then_refused("currency_mismatch")
