"""Capturing what is authorised."""

from __future__ import annotations

from oms_commands.payments.capture import CapturePayment
from oms_ledger.domain.orders.events import PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentVoided,
)
from oms_ledger.testing import CONTEXT, given
from tests.commands.payments.past import AUTHORISED, PAID, PENDING, TOTAL, gbp, paid_by, requested
from tests.commands.shop import six

ID = CONTEXT.command_id
WHOLE = {"order_id": "o1", "payment_id": "p1"}


def test_all_of_it() -> None:
    decision = given(*AUTHORISED).when(CapturePayment, **WHOLE)
    decision.then(
        CaptureRequested("p1", ID, gbp(TOTAL), False),
        PaymentCaptured("p1", ID, gbp(TOTAL)),
        PaymentProgressed("o1", "p1", "manual", "captured", "GBP", 0, 0, TOTAL, 0, 0, 0),
    )
    money = decision.answer["money"]
    assert isinstance(money, dict)
    assert money["due"] == "0.00"


def test_a_part_and_the_rest_is_released_where_it_is_final() -> None:
    given(*AUTHORISED).when(CapturePayment, **WHOLE, amount="10.00", final=True).then(
        CaptureRequested("p1", ID, gbp(1000), True),
        PaymentCaptured("p1", ID, gbp(1000)),
        PaymentVoided("p1", gbp(1025)),
        PaymentProgressed("o1", "p1", "manual", "captured", "GBP", 0, 0, 1000, 0, 0, 0),
    )


def test_several_parts_up_to_what_is_authorised() -> None:
    first = given(*AUTHORISED).when(CapturePayment, **WHOLE, amount="20.00")
    past = (*AUTHORISED, *(change.event for change in first.changes))
    refusal = given(*past).when(CapturePayment, **WHOLE, amount="0.26").then_refused("over_capture")
    assert refusal.errors == ({"requested": "0.26", "available": "0.25"},)
    assert given(*past).when(CapturePayment, **WHOLE).answer["captured"] == "20.25"


def test_one_on_its_way_counts_already() -> None:
    external = paid_by("p1", requested(provider="external"), PaymentAuthorised("p1", gbp(TOTAL)))
    shop = given(*six(), *external)
    decision = shop.when(CapturePayment, **WHOLE)
    decision.then(
        CaptureRequested("p1", ID, gbp(TOTAL), False),
        PaymentProgressed("o1", "p1", "external", "authorised", "GBP", 0, TOTAL, 0, 0, 0, 0),
    )
    past = (*six(), *external, *(change.event for change in decision.changes))
    given(*past).when(CapturePayment, **WHOLE).then_refused("nothing_to_capture")


def test_what_is_not_authorised_yet_or_no_more() -> None:
    given(*PENDING).when(CapturePayment, **WHOLE).then_refused("payment_pending")
    given(*PAID).when(CapturePayment, **WHOLE).then_refused("nothing_to_capture")
    failed = paid_by("p1", requested(provider="external"), PaymentFailed("p1", "declined"))
    given(*six(), *failed).when(CapturePayment, **WHOLE).then_refused("illegal_transition")


def test_another_orders_payment_is_not_there() -> None:
    given(*AUTHORISED).when(CapturePayment, order_id="o2", payment_id="p1").then_refused(
        "not_found"
    )
