"""When all goods of a return came back and were refunded, it is closed, where its refunds follow
by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.close import CloseReturn
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnRefunded
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.domain.returns.state import Return, awaited_units
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnRefunded)
    return_ = log.fold(Return, event.return_id)
    requested = return_.requested
    if requested is None or requested.order_id is None or not requested.refund_automatically:
        return ()
    if return_.stage != "approved" or awaited_units(return_):
        return ()
    if owed_units(return_, log.fold(Order, requested.order_id)):
        return ()
    return [CloseReturn(return_id=event.return_id)]


POLICY = Policy("when_return_settled_close_it", frozenset({ReturnRefunded.type}), react)
