"""When an order is held, its customer gets a message, where the channel says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import is_news, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderHeld)
    if not is_news(recorded, log):
        return ()
    before = log.fold(Order, event.order_id, recorded.position - 1)
    if event.hold_id in before.holds:  # the same hold, with another reason
        return ()
    return message_about(log, event.order_id, "held", event.hold_id)


POLICY = Policy("when_order_held_write_message", frozenset({OrderHeld.type}), react)
