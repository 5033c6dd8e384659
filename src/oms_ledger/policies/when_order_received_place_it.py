"""When an order is received for the queue, it is placed, or rejected with the reason."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.orders.place_received import PlaceReceivedOrder
from oms_ledger.domain.orders.events import OrderReceived
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderReceived)
    return [PlaceReceivedOrder(event.order_id)]


POLICY = Policy("when_order_received_place_it", frozenset({OrderReceived.type}), react)
