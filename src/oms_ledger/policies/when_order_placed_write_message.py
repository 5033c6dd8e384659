"""When an order is placed, its customer gets a message, where the channel says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import any_channel_has_messages, is_old, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderPlaced)
    if not any_channel_has_messages(log):
        return ()
    if is_old(next(iter(log.history(recorded.stream, limit=1)))):  # a queued order was received
        return ()
    return message_about(log, event.order_id, "placed")


POLICY = Policy("when_order_placed_write_message", frozenset({OrderPlaced.type}), react)
