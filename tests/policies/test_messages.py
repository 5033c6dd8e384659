"""What is written to customers after which event, and what is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from oms_commands.messages.request import RequestMessage
from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.messages.events import Template
from oms_ledger.domain.orders.events import (
    HoldReleased,
    OrderEdited,
    OrderHeld,
    OrderPlaced,
    OrderReceived,
)
from oms_ledger.domain.payments.events import PaymentRefunded, RefundRequested
from oms_ledger.kernel import Event, Policy
from oms_ledger.policies import (
    when_order_edited_write_message,
    when_order_held_write_message,
    when_order_placed_write_message,
    when_payment_refunded_write_message,
    when_units_delivered_write_message,
    when_units_shipped_write_message,
)
from oms_ledger.policies._messages import OLD
from oms_ledger.testing import given, replace
from oms_ledger.testing.history import START, recorded
from oms_ledger.testing.log import LogUntil, Records
from tests.commands.messages.past import with_address
from tests.commands.payments.past import captured, gbp
from tests.commands.shop import delivered, dispatched, packed, six

PLACED = when_order_placed_write_message.POLICY
EDITED = when_order_edited_write_message.POLICY
HELD = when_order_held_write_message.POLICY
SHIPPED = when_units_shipped_write_message.POLICY
DELIVERED = when_units_delivered_write_message.POLICY
REFUNDED = when_payment_refunded_write_message.POLICY

ON = ChannelDefined("web", messages=True)
NEWLY_PLACED = next(event for event in six() if isinstance(event, OrderPlaced))
EDIT = OrderEdited("o1", "e1", "GBP", 2025, 2025, 0, notify_customer=True)
SILENT_EDIT = OrderEdited("o1", "e1", "GBP", 2025, 2025, 0)
HOLD = OrderHeld("o1", "h1", "address")
LEFT = (*six(), *packed(), *dispatched()[:2])
ARRIVED = (*six(), *packed(), *dispatched(), *delivered())
REFUND = PaymentRefunded("p1", "r1", gbp(100))
BACK: tuple[Event, ...] = (
    *six(),
    *captured(),
    RefundRequested("p1", "r1", gbp(100), "damaged"),
    REFUND,
)

NEWS: list[tuple[Policy, tuple[Event, ...], Template, str | None]] = [
    (PLACED, (NEWLY_PLACED,), "placed", None),
    (EDITED, (*six(), EDIT), "edited", "e1"),
    (HELD, (*six(), HOLD), "held", "h1"),
    (SHIPPED, LEFT, "shipped", "s1"),
    (DELIVERED, ARRIVED, "delivered", "s1"),
    (REFUNDED, BACK, "refunded", "r1"),
]
of_each = pytest.mark.parametrize(("policy", "past", "template", "part_id"), NEWS)


@of_each
def test_the_customer_gets_a_message(
    policy: Policy, past: tuple[Event, ...], template: Template, part_id: str | None
) -> None:
    expected = [RequestMessage("o1", template, part_id, if_possible=True)]
    assert given(ON, *with_address(*past)).reaction_of(policy) == expected


@of_each
def test_nothing_is_written_unless_the_channel_has_messages_on(
    policy: Policy, past: tuple[Event, ...], template: Template, part_id: str | None
) -> None:
    events = with_address(*past)
    assert given(*events).reaction_of(policy) == []
    assert given(ChannelDefined("web"), *events).reaction_of(policy) == []
    others = (ChannelDefined("web"), ChannelDefined("store", messages=True))
    assert given(*others, *events).reaction_of(policy) == []


@of_each
def test_nothing_is_written_without_an_address(
    policy: Policy, past: tuple[Event, ...], template: Template, part_id: str | None
) -> None:
    assert given(ON, *past).reaction_of(policy) == []


@of_each
def test_nothing_is_written_about_what_was_imported(
    policy: Policy, past: tuple[Event, ...], template: Template, part_id: str | None
) -> None:
    def commands_after(age: timedelta) -> int:
        events = (ON, *with_address(*past))
        at = START + timedelta(seconds=len(events) - 1)
        history = recorded(events, at - age)
        return len(policy.react(history[-1], LogUntil(Records(history), len(history))))

    assert commands_after(OLD) == 1
    assert commands_after(OLD + timedelta(seconds=1)) == 0


def test_only_an_edit_with_notify_customer_writes_one() -> None:
    assert given(ON, *with_address(*six()), SILENT_EDIT).reaction_of(EDITED) == []


def test_an_order_in_the_queue_gets_none() -> None:
    (placed,) = with_address(NEWLY_PLACED)
    assert isinstance(placed, OrderPlaced)
    dates = (placed.placed_at, placed.ship_by, placed.deliver_by)
    received = OrderReceived("o1", placed.number, placed.terms, *dates)
    assert given(ON, received, HOLD).reaction_of(HELD) == []


def test_an_order_that_waited_in_the_queue_for_days_is_news_all_the_same() -> None:
    """By when it was received, not by when it was placed, it was not imported."""
    (placed,) = with_address(NEWLY_PLACED)
    assert isinstance(placed, OrderPlaced)
    dates = (placed.placed_at, placed.ship_by, placed.deliver_by)
    received = OrderReceived("o1", placed.number, placed.terms, *dates)

    def messages_after(age: timedelta) -> int:
        on, first, second = recorded((ON, received, placed), START)
        first = replace(first, meta=replace(first.meta, recorded_at=START + age))
        late = replace(second.meta, recorded_at=START + timedelta(days=9))
        history = [on, first, replace(second, meta=late)]
        return len(PLACED.react(history[-1], LogUntil(Records(history), len(history))))

    assert messages_after(timedelta(hours=1)) == 1
    assert messages_after(timedelta(days=2)) == 0


def test_a_hold_that_gets_another_reason_is_no_news() -> None:
    again = OrderHeld("o1", "h1", "fraud")
    assert given(ON, *with_address(*six()), HOLD, again).reaction_of(HELD) == []
    after_release = (HOLD, HoldReleased("o1", "h1"), again)
    assert len(given(ON, *with_address(*six()), *after_release).reaction_of(HELD)) == 1
