"""Refunding a payment."""

from __future__ import annotations

from oms_commands.payments.refund import RefundPayment
from oms_ledger.domain.orders.events import CreditGranted, OrderCancelled, PaymentProgressed
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.payments.events import PaymentRefunded, RefundRequested
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, given
from oms_ledger.testing.decision import Decision
from tests.commands.payments.past import (
    AUTHORISED,
    PAID,
    PAID_AND_SENT,
    PENDING,
    TOTAL,
    captured,
    gbp,
)
from tests.commands.shop import quantities, six

ID = CONTEXT.command_id
BODY = {"order_id": "o1", "payment_id": "p1", "reason": "damaged"}


def money(decision: Decision) -> dict[str, str]:
    answer = decision.answer["money"]
    assert isinstance(answer, dict)
    return answer


def followed_by(past: tuple[Event, ...], decision: Decision) -> tuple[Event, ...]:
    return (*past, *(change.event for change in decision.changes))


def test_an_amount_as_a_favour() -> None:
    decision = given(*PAID_AND_SENT).when(RefundPayment, **BODY, amount="2.00")
    decision.then(
        CreditGranted("o1", "damaged", "GBP", adjustment=200, reference=ID),
        RefundRequested("p1", ID, gbp(200), "damaged"),
        PaymentRefunded("p1", ID, gbp(200)),
        PaymentProgressed(
            "o1", "p1", "manual", "partially_refunded", "GBP", 0, 0, TOTAL, 0, 200, 0
        ),
    )
    assert decision.answer["refund_id"] == ID
    assert (money(decision)["due"], money(decision)["credit"]) == ("0.00", "0.00")


def test_by_line_and_shipping() -> None:
    decision = given(*PAID_AND_SENT).when(
        RefundPayment, **BODY, lines=[{"line_id": "1", "quantity": 2}], shipping="4.95"
    )
    decision.then(
        CreditGranted("o1", "damaged", "GBP", quantities(2), 510, 495, 0, 0, ID),
        RefundRequested("p1", ID, gbp(1005), "damaged", (LineQuantity("1", 2),), 495),
        PaymentRefunded("p1", ID, gbp(1005)),
        PaymentProgressed(
            "o1", "p1", "manual", "partially_refunded", "GBP", 0, 0, TOTAL, 0, 1005, 0
        ),
    )
    again = given(*followed_by(PAID_AND_SENT, decision))
    again.when(RefundPayment, **BODY, shipping="0.01").then_refused("over_refund")
    more = again.when(RefundPayment, **BODY, lines=[{"line_id": "1", "quantity": 5}])
    assert more.then_refused("over_refund").errors == (
        {"line": "1", "sku": "A", "requested": 5, "available": 4},
    )


def test_what_was_paid_too_much_where_nothing_is_named() -> None:
    cancelled = OrderCancelled("o1", "customer", None, quantities(2))
    decision = given(*PAID, cancelled).when(RefundPayment, **BODY)
    decision.then(
        RefundRequested("p1", ID, gbp(510), "damaged"),
        PaymentRefunded("p1", ID, gbp(510)),
        PaymentProgressed(
            "o1", "p1", "manual", "partially_refunded", "GBP", 0, 0, TOTAL, 0, 510, 0
        ),
    )
    after = given(*followed_by((*PAID, cancelled), decision))
    after.when(RefundPayment, **BODY).then_refused("nothing_to_refund")


def test_a_refund_uses_the_credit_first() -> None:
    cancelled = OrderCancelled("o1", "customer", None, quantities(2))
    decision = given(*PAID, cancelled).when(RefundPayment, **BODY, amount="6.00")
    granted = decision.changes[0].event
    assert isinstance(granted, CreditGranted)
    assert granted.adjustment == 90
    assert money(decision)["credit"] == money(decision)["due"] == "0.00"


def test_never_more_than_was_captured() -> None:
    refusal = given(*PAID).when(RefundPayment, **BODY, amount="20.26").then_refused("over_refund")
    assert refusal.errors == ({"requested": "20.26", "available": "20.25"},)


def test_one_on_its_way_counts_already() -> None:
    past = (*six(), *captured(provider="external"))
    decision = given(*past).when(RefundPayment, **BODY, amount="20.25")
    assert money(decision)["refunding"] == "20.25"
    given(*followed_by(past, decision)).when(RefundPayment, **BODY, amount="0.01").then_refused(
        "over_refund"
    )


def test_what_has_not_shipped_is_cancelled_instead() -> None:
    refused = given(*PAID).when(RefundPayment, **BODY, lines=[{"line_id": "1", "quantity": 1}])
    assert "Cancel what has not shipped" in refused.then_refused("over_refund").detail


def test_an_amount_or_lines_but_not_both() -> None:
    lines = [{"line_id": "1", "quantity": 1}]
    given(*PAID).when(RefundPayment, **BODY, amount="1.00", lines=lines).then_invalid("amount")


def test_nothing_was_captured() -> None:
    given(*PENDING).when(RefundPayment, **BODY, amount="1.00").then_refused("payment_pending")
    given(*AUTHORISED).when(RefundPayment, **BODY, amount="1.00").then_refused("over_refund")
