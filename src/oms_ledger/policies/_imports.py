"""Imports of past orders: nothing follows from what was written then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import wraps

from oms_commands.orders.import_order import ImportOrder
from oms_ledger.kernel import Command, Log, Policy, Recorded


def without_imports(policy: Policy) -> Policy:
    """The policy, which reacts to no event that an import has written: its payments were captured
    and refunded elsewhere, and its customers have known of it for long. What happens to the order
    later is news again."""

    @wraps(policy.react)
    def react(recorded: Recorded, log: Log) -> Sequence[Command]:
        if recorded.meta.command == ImportOrder.name:
            return ()
        return policy.react(recorded, log)

    return replace(policy, react=react)
