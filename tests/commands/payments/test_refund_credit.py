"""Refunding what was paid too much, over all payments."""

from __future__ import annotations

from oms_commands.payments.refund_credit import RefundCredit
from oms_ledger.domain.orders.events import OrderCancelled
from oms_ledger.domain.payments.events import RefundRequested
from oms_ledger.testing import CONTEXT, given
from tests.commands.payments.past import PAID, captured, gbp
from tests.commands.shop import quantities, six

ID = CONTEXT.command_id
BODY = {"order_id": "o1", "reason": "cancelled"}
CANCELLED = OrderCancelled("o1", "customer", None, quantities(6))


def test_the_newest_payment_is_refunded_first_and_store_credit_last() -> None:
    past = (
        *six(),
        *captured("p1", 1000, "bank"),
        *captured("p2", 525, "store_credit"),
        *captured("p3", 500, "bank"),
        OrderCancelled("o1", "customer", None, quantities(5)),
    )  # 7.50 is left to pay: a unit and the shipping
    decision = given(*past).when(RefundCredit, **BODY)
    refunds = [c.event for c in decision.changes if isinstance(c.event, RefundRequested)]
    assert refunds == [
        RefundRequested("p3", ID, gbp(500), "cancelled"),
        RefundRequested("p1", ID, gbp(775), "cancelled"),
    ]
    whole = given(*past[:-1], CANCELLED).when(RefundCredit, **BODY)
    refunds = [c.event for c in whole.changes if isinstance(c.event, RefundRequested)]
    assert [(r.payment_id, r.amount.minor) for r in refunds] == [
        ("p3", 500),
        ("p1", 1000),
        ("p2", 525),
    ]


def test_all_of_a_cancelled_order_goes_back_with_its_shipping() -> None:
    decision = given(*PAID, CANCELLED).when(RefundCredit, **BODY)
    money = decision.answer["money"]
    assert isinstance(money, dict)
    assert (money["captured"], money["refunded"], money["credit"]) == ("20.25", "20.25", "0.00")
    after = (*PAID, CANCELLED, *(change.event for change in decision.changes))
    given(*after).when(RefundCredit, **BODY).then_refused("nothing_to_refund")


def test_nothing_was_paid_too_much() -> None:
    given(*PAID).when(RefundCredit, **BODY).then_refused("nothing_to_refund")
    given().when(RefundCredit, **BODY).then_refused("not_found")
