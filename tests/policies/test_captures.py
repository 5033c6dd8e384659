"""What follows for payments when they are authorised, an order is confirmed, or its units leave."""

from __future__ import annotations

import pytest

from oms_commands.payments.capture_due import CaptureDuePayments
from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.orders.events import OrderCancelled, OrderConfirmed
from oms_ledger.domain.payments.events import PaymentAuthorised
from oms_ledger.kernel import Command, Event, Policy
from oms_ledger.policies import (
    when_order_confirmed_capture_what_is_due,
    when_payment_authorised_capture_what_is_due,
    when_payment_authorised_too_late_void_it,
    when_units_shipped_capture_what_is_due,
)
from oms_ledger.testing import given
from tests.commands.payments.past import (
    AUTHORISED,
    TOTAL,
    authorised,
    captured,
    gbp,
    paid_by,
    requested,
)
from tests.commands.shop import dispatched, packed, quantities, six

CONFIRMED = when_order_confirmed_capture_what_is_due.POLICY
PAID = when_payment_authorised_capture_what_is_due.POLICY
SHIPPED = when_units_shipped_capture_what_is_due.POLICY
LATE = when_payment_authorised_too_late_void_it.POLICY
CAPTURE = [CaptureDuePayments("o1", if_any=True)]
VOID = [VoidPayment("o1", "p1", "authorised too late", if_unneeded=True)]
JUST_AUTHORISED = paid_by("p1", requested(), PaymentAuthorised("p1", gbp(TOTAL)))[:-1]
"""Until the event itself: its order counts the payment with the next one."""
WAITS = (*six(confirmed=False), *authorised())
LEFT = (*packed(2), *dispatched(2))[:-1]
"""Until `UnitsShipped`."""


def reaction(policy: Policy, on: str, *past: Event) -> list[Command]:
    """What follows for an order of a channel with this `capture_on`."""
    return given(ChannelDefined("web", capture_on=on), *past).reaction_of(policy)


@pytest.mark.parametrize(
    ("policy", "past", "moments"),
    [
        (PAID, (*six(confirmed=False), *JUST_AUTHORISED), {"placement"}),
        (PAID, (*six(), *JUST_AUTHORISED), {"placement", "confirm"}),
        (PAID, (*six(), *LEFT, *JUST_AUTHORISED), {"placement", "confirm", "dispatch"}),
        (CONFIRMED, (*WAITS, OrderConfirmed("o1")), {"placement", "confirm"}),
        (SHIPPED, (*AUTHORISED, *LEFT), {"placement", "confirm", "dispatch"}),
    ],
)
def test_what_is_due_is_captured_at_the_channels_moment(
    policy: Policy, past: tuple[Event, ...], moments: set[str]
) -> None:
    for on in ("placement", "confirm", "dispatch", "manual"):
        assert reaction(policy, on, *past) == (CAPTURE if on in moments else []), on
    assert given(*past).reaction_of(policy) == [], "without settings"


def test_without_a_payment_nothing_is_captured() -> None:
    assert reaction(CONFIRMED, "confirm", *six(confirmed=False), OrderConfirmed("o1")) == []
    assert reaction(SHIPPED, "dispatch", *six(), *LEFT) == []


def test_it_is_captured_once_however_many_of_them_react() -> None:
    shop = (ChannelDefined("web", capture_on="confirm"), *AUTHORISED)
    (command,) = CAPTURE
    after = (*shop, *given(*shop).when(command).events)
    given(*after).when(command).then()


def test_an_authorisation_that_comes_too_late_is_voided() -> None:
    whole = OrderCancelled("o1", "staff", None, quantities(6))
    assert given(*six(), whole, *JUST_AUTHORISED).reaction_of(LATE) == VOID
    assert given(*six(), *captured("p0"), *JUST_AUTHORISED).reaction_of(LATE) == VOID
    assert given(*six(), *JUST_AUTHORISED).reaction_of(LATE) == []
    (command,) = VOID
    assert given(*six(), whole, *authorised()).when(command).events
    given(*AUTHORISED).when(command).then()
