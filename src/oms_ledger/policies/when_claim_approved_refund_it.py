"""When a claim is approved, its goods are refunded, where that was agreed."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.returns.refund import RefundReturn
from oms_ledger.domain.returns.events import ReturnApproved
from oms_ledger.domain.returns.refunds import owed_units
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._returns import with_automatic_refunds


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, ReturnApproved)
    refunded = with_automatic_refunds(log, event.return_id)
    if refunded is None:
        return ()
    return_, order = refunded
    if not return_.is_claim or not owed_units(return_, order):
        return ()
    return [RefundReturn(return_id=event.return_id)]


POLICY = Policy("when_claim_approved_refund_it", frozenset({ReturnApproved.type}), react)
