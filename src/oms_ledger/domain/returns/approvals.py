"""The decision behind approving a return."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReturnApproved, ReturnEvent, ReturnRequested
from oms_ledger.domain.returns.replacements import place_replacement
from oms_ledger.domain.returns.rules import require_stage, return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given


def approve(
    return_: Return,
    requested: ReturnRequested,
    order: Order | None,
    note: str | None,
    ctx: Context,
    given: Given,
    at: datetime | None,
) -> list[Change]:
    """The approval, which happened `at` a time or now, and the order that replaces the goods, where
    one was agreed and there is none yet."""
    require_stage(return_, "approved", "requested")
    events: list[ReturnEvent] = [ReturnApproved(requested.return_id, note)]
    placed: list[Change] = []
    if requested.replacement and order is not None and return_.replacement is None:
        ordered, placed = place_replacement(requested, order, ctx, given, at)
        events.append(ordered)
    return [*placed, *dated(return_changes(return_, events), at, ctx)]
