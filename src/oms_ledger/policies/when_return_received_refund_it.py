"""When goods of a return came back, their price is refunded, where that was agreed."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.returns.events import ReturnReceived
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._returns import with_automatic_refunds


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnReceived)
    refunded = with_automatic_refunds(log, event.return_id)
    if refunded is None or not owed_units(*refunded):
        return ()
    return [RefundReturn(return_id=event.return_id)]


POLICY = Policy("when_return_received_refund_it", frozenset({ReturnReceived.type}), react)
