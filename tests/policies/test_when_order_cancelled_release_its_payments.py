"""What follows for the payments of an order that is cancelled."""

from __future__ import annotations

import pytest

from oms_commands.payments.refund_credit import RefundCredit
from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.orders.events import OrderCancelled, OrderResumed, PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    VoidRequested,
)
from oms_ledger.kernel import Command, Event
from oms_ledger.policies.when_order_cancelled_release_its_payments import POLICY
from oms_ledger.testing import given
from tests.commands.payments.past import (
    AUTHORISED,
    PAID,
    PENDING,
    TOTAL,
    authorised,
    captured,
    gbp,
    paid_by,
    requested,
)
from tests.commands.shop import quantities, six

REFUND = RefundCredit("o1", "order cancelled", if_any=True)
UNIT = 255


def cancelled(units: int = 6, reason: str = "customer") -> OrderCancelled:
    return OrderCancelled("o1", reason, None, quantities(units))


def void(payment_id: str = "p1") -> VoidPayment:
    return VoidPayment("o1", payment_id, "order cancelled", if_unneeded=True)


def reaction(*events: Event) -> list[Command]:
    return given(*events).reaction_of(POLICY)


def followed(*events: Event) -> tuple[Event, ...]:
    """The events, and those of the commands that follow from the last of them."""
    for command in reaction(*events):
        events += given(*events).when(command).events
    return events


@pytest.mark.parametrize("reason", ["customer", "expired"])
def test_all_that_is_authorised_of_a_cancelled_order_is_voided(reason: str) -> None:
    two = (*six(), *authorised("p1", 1000), *authorised("p2", 1025, "external"))
    assert reaction(*two, cancelled(reason=reason)) == [void("p1"), void("p2")]


def test_what_was_captured_is_refunded_and_the_rest_voided() -> None:
    part = paid_by(
        "p1",
        requested(),
        PaymentAuthorised("p1", gbp(TOTAL)),
        CaptureRequested("p1", "c1", gbp(UNIT)),
        PaymentCaptured("p1", "c1", gbp(UNIT)),
    )
    assert reaction(*six(), *part, cancelled()) == [void(), REFUND]
    assert reaction(*PAID, cancelled()) == [REFUND]


def test_a_cancelled_part_is_refunded() -> None:
    assert reaction(*PAID, cancelled(1)) == [REFUND]
    assert reaction(*six(), *captured(minor=TOTAL - UNIT), cancelled(1)) == []


def test_an_authorisation_stays_while_a_part_of_the_order_is_due() -> None:
    assert reaction(*AUTHORISED, cancelled(5)) == []
    more = (*six(), *captured("p1", TOTAL - UNIT), *authorised("p2", UNIT))
    assert reaction(*more, cancelled(1)) == [void("p2")], "the rest is paid"


def test_nothing_follows_without_money() -> None:
    assert reaction(*six(), cancelled()) == []
    assert reaction(*PENDING, cancelled()) == []
    assert reaction(*AUTHORISED, cancelled(), VoidRequested("p1", None)) == []


def test_it_is_done_once_where_a_person_or_another_cancellation_came_first() -> None:
    """The commands decide on the order as it is by then."""
    for past in (AUTHORISED, PAID):
        after = followed(*past, cancelled())
        for command in reaction(*past, cancelled()):
            assert given(*past, cancelled()).when(command).events
            given(*after).when(command).then()


def test_a_provider_elsewhere_is_requested_once() -> None:
    external = (*six(), *authorised(provider="external"), cancelled())
    sent = given(*external).when(void()).events
    assert sent == (
        VoidRequested("p1", "order cancelled"),
        PaymentProgressed("o1", "p1", "external", "authorised", "GBP", 0, TOTAL, 0, 0, 0, 0),
    )
    given(*external, *sent).when(void()).then()
    given(*external, *sent).when(VoidPayment, order_id="o1", payment_id="p1").then_refused(
        "payment_pending"
    )


def test_an_order_that_was_resumed_meanwhile_keeps_its_authorisation() -> None:
    resumed = (*AUTHORISED, cancelled(), OrderResumed("o1", None, quantities(6)))
    given(*resumed).when(void()).then()
    assert given(*resumed).when(VoidPayment, order_id="o1", payment_id="p1").events
