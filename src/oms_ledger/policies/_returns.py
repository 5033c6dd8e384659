"""What policies about returns have in common."""

from __future__ import annotations

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Log


def with_automatic_refunds(log: Log, return_id: str) -> tuple[Return, Order] | None:
    """A return with its order, where its refunds follow by themselves; None where they do not, or
    it is of no order."""
    return_ = log.fold(Return, return_id)
    requested = return_.requested
    if requested is None or requested.order_id is None or not requested.refund_automatically:
        return None
    return return_, log.fold(Order, requested.order_id)
