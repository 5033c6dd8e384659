"""Refunding a return: what came back, to the last cent, and never more than was paid."""

from __future__ import annotations

import pytest

from oms_commands.payments.refund import RefundPayment
from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.orders.events import CreditGranted, OrderPlaced, PaymentProgressed
from oms_ledger.domain.payments.events import PaymentRefunded, RefundRequested
from oms_ledger.domain.returns.events import ReturnApproved, ReturnRefunded
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given, replace
from tests.commands.payments.past import TOTAL, authorised, captured, gbp
from tests.commands.returns.past import (
    PAID_AND_DELIVERED,
    came,
    followed_by,
    requested,
    returned,
    units,
)
from tests.commands.shop import UNDER_WAY, delivered

ID = CONTEXT.command_id
R1 = {"return_id": "r1"}
BACK = (*PAID_AND_DELIVERED, *returned(requested(), ReturnApproved("r1"), came(2)))
TWO = units(("1", 2))


def money(decision: Decision) -> dict[str, str]:
    answer = decision.answer["money"]
    assert isinstance(answer, dict)
    return answer


def test_all_that_came_back() -> None:
    decision = given(*BACK).when(RefundReturn, **R1)
    decision.then(
        CreditGranted("o1", "return", "GBP", TWO, 510, 0, 0, 0, "r1"),
        RefundRequested("p1", ID, gbp(510), "return", TWO),
        PaymentRefunded("p1", ID, gbp(510)),
        PaymentProgressed(
            "o1", "p1", "manual", "partially_refunded", "GBP", 0, 0, TOTAL, 0, 510, 0
        ),
        ReturnRefunded("r1", ID, "GBP", TWO, 510, refunded=510),
    )
    assert (decision.answer["granted"], decision.answer["refunded"]) == ("5.10", "5.10")
    assert (money(decision)["due"], money(decision)["credit"]) == ("0.00", "0.00")


def test_once() -> None:
    past = followed_by(BACK, given(*BACK).when(RefundReturn, **R1))
    given(*past).when(RefundReturn, **R1).then_refused("nothing_to_refund")


def test_less_a_fee_plus_shipping() -> None:
    decision = given(*BACK).when(RefundReturn, **R1, restocking_fee="1.00", shipping="4.95")
    credit, *_, refunded = decision.events
    assert credit == CreditGranted("o1", "return", "GBP", TWO, 510, 495, -100, 0, "r1")
    assert refunded == ReturnRefunded("r1", ID, "GBP", TWO, 510, 495, 100, refunded=905)
    past = followed_by(BACK, decision)
    given(*past).when(RefundReturn, **R1).then_refused("nothing_to_refund")
    given(*past).when(RefundReturn, **R1, shipping="0.01").then_refused("over_refund")


def test_a_fee_above_what_is_owed() -> None:
    refusal = given(*BACK).when(RefundReturn, **R1, restocking_fee="5.11")
    assert refusal.then_refused("over_refund").errors == (
        {"requested": "5.11", "available": "5.10"},
    )


def test_a_part_now_and_the_rest_later() -> None:
    first = given(*BACK).when(RefundReturn, **R1, amount="2.00")
    assert first.events[0] == CreditGranted("o1", "return", "GBP", adjustment=200, reference="r1")
    assert first.events[-1] == ReturnRefunded("r1", ID, "GBP", advance=200, refunded=200)
    past = followed_by(BACK, first)
    over = given(*past).when(RefundReturn, **R1, amount="3.11").then_refused("over_refund")
    assert over.errors == ({"requested": "3.11", "available": "3.10"},)
    rest = given(*past).when(RefundReturn, **R1)
    assert rest.events[0] == CreditGranted("o1", "return", "GBP", TWO, 510, 0, -200, 0, "r1")
    assert rest.answer["granted"] == rest.answer["refunded"] == "5.10"


def test_an_amount_or_its_parts_but_not_both() -> None:
    given(*BACK).when(RefundReturn, **R1, amount="1.00", shipping="1.00").then_invalid("amount")
    given(*BACK).when(RefundReturn, **R1, amount="0.00").then_refused("invalid_fields")
    given(*BACK).when(RefundReturn, **R1, amount="0.001").then_refused("invalid_fields")


def test_what_a_refund_of_the_payment_gave_back_already_is_not_owed() -> None:
    lines = [{"line_id": "1", "quantity": 5}]
    favour = given(*BACK).when(
        RefundPayment, order_id="o1", payment_id="p1", reason="late", lines=lines
    )
    decision = given(*followed_by(BACK, favour)).when(RefundReturn, **R1)
    assert decision.events[0] == CreditGranted(
        "o1", "return", "GBP", units(("1", 1)), 255, 0, 0, 0, "r1"
    )


def test_what_was_not_paid_lowers_what_is_due() -> None:
    back = returned(requested(), ReturnApproved("r1"), came(2))
    for payments in ((), authorised()):
        past = (*UNDER_WAY, *delivered(), *payments, *back)
        decision = given(*past).when(RefundReturn, **R1)
        assert not [event for event in decision.events if isinstance(event, RefundRequested)]
        assert (decision.answer["granted"], decision.answer["refunded"]) == ("5.10", "0.00")
        assert money(decision)["due"] == "15.15"


def test_never_more_than_was_captured() -> None:
    back = returned(requested(), ReturnApproved("r1"), came(2))
    past = (*UNDER_WAY, *delivered(), *captured(minor=1600), *back)
    over = given(*past).when(RefundReturn, **R1, amount="5.00").then_refused("over_refund")
    assert over.errors == ({"requested": "5.00", "available": "0.75"},)
    decision = given(*past).when(RefundReturn, **R1)
    assert (decision.answer["refunded"], money(decision)["due"]) == ("0.85", "0.00")


def test_over_several_payments_the_newest_first() -> None:
    back = returned(requested(), ReturnApproved("r1"), came(2))
    two = (*captured("p1", 1725), *captured("p2", 300))
    decision = given(*UNDER_WAY, *delivered(), *two, *back).when(RefundReturn, **R1)
    assert [event for event in decision.events if isinstance(event, RefundRequested)] == [
        RefundRequested("p2", ID, gbp(300), "return"),
        RefundRequested("p1", ID, gbp(210), "return"),
    ]


def test_a_claim_is_refunded_without_goods() -> None:
    past = (*PAID_AND_DELIVERED, *returned(requested(kind="claim"), ReturnApproved("r1")))
    decision = given(*past).when(RefundReturn, **R1)
    assert decision.events[0] == CreditGranted("o1", "claim", "GBP", TWO, 510, 0, 0, 0, "r1")


@pytest.mark.parametrize("resolution", ["none", "replacement"])
def test_nothing_is_owed_where_nothing_was_agreed_but_an_amount_may_be_given(
    resolution: str,
) -> None:
    life = (requested(resolution=resolution), ReturnApproved("r1"), came(2))
    past = (*PAID_AND_DELIVERED, *returned(*life))
    given(*past).when(RefundReturn, **R1).then_refused("nothing_to_refund")
    assert given(*past).when(RefundReturn, **R1, amount="1.00").answer["refunded"] == "1.00"


def test_more_came_back_than_was_shipped() -> None:
    """What was never sold is not refunded."""
    life = returned(requested(), ReturnApproved("r1"), came(9))
    decision = given(*PAID_AND_DELIVERED, *life).when(RefundReturn, **R1)
    assert decision.events[0] == CreditGranted(
        "o1", "return", "GBP", units(("1", 6)), 1530, 0, 0, 0, "r1"
    )


def test_tax_and_discount_come_back_to_the_last_cent_in_any_parts() -> None:
    """Six units with 1.00 of tax and 0.35 off, which six do not divide: refunded one by one."""

    def with_tax(event: Event) -> Event:
        if not isinstance(event, OrderPlaced):
            return event
        (line,) = event.terms.lines
        taxed = (replace(line, tax=100, discount=35),)
        return replace(event, terms=replace(event.terms, lines=taxed))

    past = tuple(map(with_tax, (*UNDER_WAY, *delivered(), *captured(minor=TOTAL + 65))))
    amounts = []
    for n in range(6):
        one = returned(
            requested(1, return_id=f"r{n}"),
            ReturnApproved(f"r{n}"),
            came(1, return_id=f"r{n}"),
        )
        decision = given(*past, *one).when(RefundReturn, return_id=f"r{n}")
        amounts += [e.amount.minor for e in decision.events if isinstance(e, PaymentRefunded)]
        past = (*past, *one, *decision.events)
    assert len(amounts) == 6
    assert sum(amounts) == 6 * 255 + 100 - 35
    assert max(amounts) - min(amounts) <= 2
