"""Messages of the demo: that an order was placed, to buyers of the shop's own channel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from oms_commands.messages.request import RequestMessage
from oms_ledger.demo.money import OWN_CHANNEL
from oms_ledger.demo.shop_state import Day, ScheduledCommand, ShopState

MESSAGE_EVERY = 20
"""One of so many orders of the shop's own channel has a message about its placing."""

MESSAGE_DELAY = timedelta(seconds=30)
LOCALE = "en-GB"


def write_messages(state: ShopState, day: Day) -> Iterator[ScheduledCommand]:
    for story in state.placed_stories():
        at = story.placed_at + MESSAGE_DELAY
        own = story.channel == OWN_CHANNEL and not story.number % MESSAGE_EVERY
        if own and day.has(at):
            command = RequestMessage(state.order_id(story), "placed", locale=LOCALE)
            yield ScheduledCommand(at, f"{story.external_id}:message", command, story)
