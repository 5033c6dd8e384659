"""When units of an order leave, their part of what is authorised is captured, where the channel
says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_ledger.domain.orders.events import UnitsShipped
from oms_ledger.kernel import Command, Log, Policy, Recorded
from oms_ledger.policies._captures import capture_due


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, UnitsShipped)
    return capture_due(log, event.order_id)


POLICY = Policy("when_units_shipped_capture_what_is_due", frozenset({UnitsShipped.type}), react)
