"""When goods of a return came back, their price is refunded, where that was agreed."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnReceived
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnReceived)
    return_ = log.fold(Return, event.return_id)
    requested = return_.requested
    if requested is None or requested.order_id is None or not requested.refund_automatically:
        return ()
    if not owed_units(return_, log.fold(Order, requested.order_id)):
        return ()
    return [RefundReturn(return_id=event.return_id)]


POLICY = Policy("when_return_received_refund_it", frozenset({ReturnReceived.type}), react)
