"""The release of orders that are not to be shipped before a time."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.orders.events import FulfilmentReleased
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.kernel import Change, Context


def release_if_due(
    order_id: str, terms: OrderTerms, ctx: Context, occurred_at: datetime | None = None
) -> list[Change]:
    """The release of an order whose `fulfil_at` has come by now; nothing where it has none, or one
    that is still to come. An order that was placed before has been due since `fulfil_at`."""
    if terms.fulfil_at is None or terms.fulfil_at > ctx.now:
        return []
    at = None if occurred_at is None else max(occurred_at, terms.fulfil_at)
    return [Change(FulfilmentReleased(order_id), at)]
