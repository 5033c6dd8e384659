"""The statuses of an order: pure functions of its parts, never set."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from oms_ledger.domain.orders.progress import LineProgress, Lines
from oms_ledger.domain.orders.returns import Returns
from oms_ledger.domain.orders.shipments import Shipments
from oms_ledger.kernel import Record


class Statuses(Record, frozen=True):
    """The four axes of an order. All derived, never set."""

    order: str
    payment: str
    fulfilment: str
    returned: str


def fulfilment_status(lines: Iterable[LineProgress]) -> str:
    """unfulfilled, backordered, partially_shipped, shipped, partially_delivered, delivered or
    cancelled. Services count for nothing here, except that an order of nothing else is
    `not_required`."""
    ordered = shipped = delivered = cancelled = backordered = 0
    for line in lines:
        if not line.line.stocked:
            continue
        ordered += line.line.quantity
        shipped += line.shipped
        delivered += line.delivered
        cancelled += line.cancelled
        backordered += line.backordered
    if ordered == 0:
        return "not_required"
    wanted = ordered - cancelled
    if wanted == 0:
        return "cancelled"
    if delivered >= wanted:
        return "delivered"
    if delivered:
        return "partially_delivered"
    if shipped >= wanted:
        return "shipped"
    if shipped:
        return "partially_shipped"
    return "backordered" if backordered else "unfulfilled"


ENDED = frozenset({"cancelled", "expired", "rejected"})
"""Statuses of an order of which nothing is wanted any more."""


def order_status(
    lines: Collection[LineProgress],
    fulfilment: str,
    *,
    confirmed: bool,
    in_work: bool,
    scheduled: bool = False,
    ending: str | None = None,
    unplaced: bool = False,
) -> str:
    """received (in the queue, not placed yet), pending, scheduled (confirmed, and waiting for its
    `fulfil_at`), confirmed, processing (a shipment exists), fulfilled (all shipped), completed (all
    delivered, or nothing to ship), cancelled, expired (it was not paid in time) or rejected (from
    the queue). `fulfilment` is the lines' status on that axis, `ending` the reason of the last
    cancellation. `unplaced`: it was received, and is not placed yet."""
    if all(line.cancelled == line.line.quantity for line in lines):
        return ending if ending in ("expired", "rejected") else "cancelled"
    if unplaced:
        return "received"
    if not confirmed:
        return "pending"
    if scheduled:
        return "scheduled"
    if fulfilment in ("delivered", "not_required"):
        return "completed"
    if fulfilment == "cancelled":  # every good was cancelled, a service remains
        return "completed"
    open_units = any(line.open for line in lines if line.line.stocked)
    if not open_units:
        return "fulfilled"
    shipped = any(line.shipped for line in lines)
    return "processing" if in_work or shipped else "confirmed"


def return_status(lines: Iterable[LineProgress], returns: Returns) -> str:
    """none, partially_returned or returned, by units of the whole order; while nothing came back,
    requested or approved where there is a return or claim that is."""
    shipped = returned = 0
    for line in lines:
        shipped += line.shipped
        returned += line.returned
    if returned:
        return "returned" if returned >= shipped else "partially_returned"
    if not returns:
        return "none"
    statuses = {each.status for each in returns.values()}
    return next((status for status in ("approved", "requested") if status in statuses), "none")


def statuses_of(
    lines: Lines,
    shipments: Shipments,
    returns: Returns,
    *,
    confirmed: bool,
    scheduled: bool,
    payment: str,
    ending: str | None,
    unplaced: bool = False,
) -> Statuses:
    """The four axes of an order from its parts; `payment` is that of its settlement, `ending` the
    reason of the last cancellation. `unplaced`: it was received, and is not placed yet."""
    progress = lines.values()
    fulfilment, in_work = fulfilment_status(progress), "created" in shipments.values()
    status = order_status(
        progress,
        fulfilment,
        confirmed=confirmed,
        in_work=in_work,
        scheduled=scheduled,
        ending=ending,
        unplaced=unplaced,
    )
    return Statuses(
        order=status,
        payment=payment,
        fulfilment=fulfilment,
        returned=return_status(progress, returns),
    )
