"""When units of an order arrive, its customer gets a message, where the channel says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import UnitsDelivered
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._messages import is_news, message_about


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, UnitsDelivered)
    if not is_news(recorded, log):
        return ()
    return message_about(log, event.order_id, "delivered", event.shipment_id)


POLICY = Policy("when_units_delivered_write_message", frozenset({UnitsDelivered.type}), react)
