"""Money and returns of the demo: some orders are paid, some not in time, some goods are to come
back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from oms_commands.orders.expire import ExpireOrder
from oms_commands.payments.record import RecordPayment
from oms_commands.returns._fields import ReturnedLine
from oms_commands.returns.request import RequestReturn
from oms_ledger.demo.shop import Story
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState

POSTAGE = {"standard": Decimal("3.95"), "express": Decimal("7.95")}
PAID_EVERY = 6
"""One of so many confirmed orders is paid at the till."""

RETURNED_EVERY = 11
"""One of so many orders that arrived is to be returned; every second such return is approved."""

REQUEST_DELAY = timedelta(days=5)
UNPAID_EVERY = 4
"""One of so many cancelled orders was not paid in time."""


def is_unpaid(story: Story) -> bool:
    """Whether the order expires instead of being cancelled by a person."""
    return story.fate == "cancelled" and story.number % UNPAID_EVERY == 0


def expire(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Orders that were not paid by the time at which they would have been confirmed."""
    for story in state.placed_stories():
        if is_unpaid(story) and day.has(story.confirmed_at):
            command = ExpireOrder(order_id=state.order_id(story))
            yield ScheduledCommand(
                story.confirmed_at, f"{story.external_id}:expire", command, story
            )


def pay(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Record what was paid at the till."""
    for story in state.placed_stories():
        unpaid = story.fate in ("cancelled", "unconfirmed") or story.number % PAID_EVERY
        if unpaid or not day.has(story.confirmed_at):
            continue
        goods = sum(Decimal(good.price).scaleb(-2) * units for good, units in story.lines)
        command = RecordPayment(
            order_id=state.order_id(story),
            provider="till",
            reference=story.external_id,
            amount=goods + POSTAGE["express" if story.express else "standard"],
        )
        yield ScheduledCommand(story.confirmed_at, f"{story.external_id}:pay", command, story)


def request_returns(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    """Requests of buyers to return one unit of what arrived."""
    for parcel in state.parcels:
        at, story = parcel.delivered_at + REQUEST_DELAY, parcel.story
        if story.fate == "returned" or story.number % RETURNED_EVERY or not day.has(at):
            continue
        line = ReturnedLine(line_id=parcel.lines[0].line_id, quantity=1, reason="Not as expected")
        command = RequestReturn(
            order_id=state.order_id(story),
            lines=(line,),
            approve=story.number % 2 == 0,
        )
        yield ScheduledCommand(at, f"{parcel.key}:request-return", command)
