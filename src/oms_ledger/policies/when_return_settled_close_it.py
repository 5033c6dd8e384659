"""When all goods of a return came back and were refunded, it is closed, where its refunds follow
by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.close import CloseReturn
from oms_ledger.domain.returns.events import ReturnRefunded
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.domain.returns.state import awaited_units
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._returns import with_automatic_refunds


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnRefunded)
    refunded = with_automatic_refunds(log, event.return_id)
    if refunded is None:
        return ()
    return_, order = refunded
    if return_.stage != "approved" or awaited_units(return_) or owed_units(return_, order):
        return ()
    return [CloseReturn(return_id=event.return_id)]


POLICY = Policy("when_return_settled_close_it", frozenset({ReturnRefunded.type}), react)
