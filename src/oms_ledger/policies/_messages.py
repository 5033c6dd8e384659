"""What policies about messages to customers have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from oms_commands.messages.request import RequestMessage
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.messages.events import Template
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Command, Log, Recorded

OLD = timedelta(days=1)
"""How long before it was recorded an event may have happened to be news for the customer. What is
older was imported."""


def is_old(recorded: Recorded) -> bool:
    return recorded.meta.recorded_at - recorded.meta.happened_at > OLD


def any_channel_has_messages(log: Log) -> bool:
    """Whether a channel has `messages` on, so that ledgers without messages fold no order."""
    settings = (log.fold(ChannelSettings, key).defined for key in log.keys(ChannelSettings))
    return any(each is not None and each.messages for each in settings)


def is_news(recorded: Recorded, log: Log) -> bool:
    """Whether an event is new enough for a message, and a channel writes any."""
    return not is_old(recorded) and any_channel_has_messages(log)


def message_about(
    log: Log, order_id: str, template: Template, part_id: str | None = None
) -> Sequence[Command]:
    """The command that requests a message to an order's customer; none where the order's channel
    has no messages, or the order has no e-mail address or waits in the queue."""
    order = log.fold(Order, order_id)
    if order.placed is None or order.course.unplaced:
        return ()
    settings = log.fold(ChannelSettings, channel_key(order.terms.channel)).defined
    customer = order.terms.customer
    if settings is None or not settings.messages or customer is None or customer.email is None:
        return ()
    return [RequestMessage(order_id, template, part_id, if_possible=True)]
