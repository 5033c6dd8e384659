"""When an order is edited, its customer gets a message, where the edit and the channel say so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import is_news, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderEdited)
    if not (event.notify_customer and is_news(recorded, log)):
        return ()
    return message_about(log, event.order_id, "edited", event.edit_id)


POLICY = Policy("when_order_edited_write_message", frozenset({OrderEdited.type}), react)
