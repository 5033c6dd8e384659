"""When a claim is approved, its goods are refunded, where that was agreed."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnApproved
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnApproved)
    return_ = log.fold(Return, event.return_id)
    requested = return_.requested
    if requested is None or requested.order_id is None or not requested.refund_automatically:
        return ()
    if not return_.is_claim or not owed_units(return_, log.fold(Order, requested.order_id)):
        return ()
    return [RefundReturn(return_id=event.return_id)]


POLICY = Policy("when_claim_approved_refund_it", frozenset({ReturnApproved.type}), react)
