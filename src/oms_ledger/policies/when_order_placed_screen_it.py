"""When an order is placed, it is counted for its buyer, and held where a velocity rule says so."""

from __future__ import annotations

from collections.abc import Sequence

from oms_commands.risk.screen import ScreenOrder
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.risk.rules import buyer_of
from oms_ledger.domain.risk.state import HoldRule
from oms_ledger.kernel import Command, Log, Policy, Recorded


def react(recorded: Recorded, log: Log) -> Sequence[Command]:
    event = recorded.event
    assert isinstance(event, OrderPlaced)
    if buyer_of(event.terms) is None or event.replacement_for is not None:
        return ()
    rules = (log.fold(HoldRule, name).defined for name in log.keys(HoldRule))
    if not any(rule and rule.enabled and rule.kind == "velocity" for rule in rules):
        return ()
    return [ScreenOrder(event.order_id)]


POLICY = Policy("when_order_placed_screen_it", frozenset({OrderPlaced.type}), react)
