"""What of an order's authorisations its channel captures by itself, and when. Amounts are minor
units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from oms_ledger.domain.channels.events import ChannelDefined
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.payments.state import Payment


class DueCapture(NamedTuple):
    """With `final` the rest of the authorisation is released."""

    payment_id: str
    amount: int
    final: bool


def capture_target(order: Order, settings: ChannelDefined | None) -> int:
    """What is to be captured of an order in all by now, by its channel's `capture_on`.

    placement: what is owed. confirm: what is owed, once it is confirmed. dispatch: what is owed
    less the price of the units that are neither shipped nor cancelled, once any unit has shipped
    or nothing is left to ship; so shipping charge and services are captured with the first
    dispatch, and the last one captures the rest to the last cent. manual: nothing.
    """
    moment = "manual" if settings is None else settings.capture_on
    if moment == "manual" or order.statuses.order in ENDED:
        return 0
    if moment == "placement":
        return order.owed
    if not order.confirmed:
        return 0
    if moment == "confirm":
        return order.owed
    return _dispatched(order)


def _dispatched(order: Order) -> int:
    goods = [line for line in order.lines.values() if line.line.stocked]
    to_ship = [line for line in goods if line.open]
    if to_ship and not any(line.shipped for line in goods):
        return 0
    return max(0, order.owed - sum(line.price_of_more(line.open) for line in to_ship))


def captures_due(
    order: Order, settings: ChannelDefined | None, payments: Iterable[tuple[str, Payment]]
) -> list[DueCapture]:
    """What is to be captured of each payment now: `capture_target` less what was captured or is on
    its way, and not given back; of the payment that was requested first, first. What was charged
    back counts as captured: nobody wins a dispute by taking the money again."""
    each = list(payments)
    left = capture_target(order, settings) - sum(_captured(payment) for _, payment in each)
    ends = not any(line.open for line in order.lines.values() if line.line.stocked)
    due: list[DueCapture] = []
    for payment_id, payment in each:
        amount = min(left, payment.capturable)
        if amount > 0 and payment.outcome == "accepted" and not payment.voiding:
            left -= amount
            due.append(DueCapture(payment_id, amount, final=ends and left == 0))
    return due


def _captured(payment: Payment) -> int:
    """Captured, or on its way, and neither refunded nor on its way back."""
    totals = payment.totals
    coming = sum(capture.amount for capture in payment.capturing.values())
    return totals.captured + coming - totals.refunded - sum(payment.refunding.values())
