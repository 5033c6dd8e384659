"""When units of an order leave, its customer gets a message, where the channel says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import UnitsShipped
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import is_news, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, UnitsShipped)
    if not is_news(recorded, log):
        return ()
    return message_about(log, event.order_id, "shipped", event.shipment_id)


POLICY = Policy("when_units_shipped_write_message", frozenset({UnitsShipped.type}), react)
