"""Events of orders folded into their rows of figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderCancelled,
    OrderConfirmed,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
    PaymentProgressed,
    ReturnProgressed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsReturned,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import Backorder, LineQuantity
from oms_ledger.domain.returns.events import ReturnRequested
from oms_ledger.kernel import Recorded
from oms_projections.order_analytics.rows import OrderFigureRow

FOLLOWED = (
    OrderConfirmed,
    OrderEdited,
    OrderCancelled,
    OrderResumed,
    BackordersAllocated,
    UnitsShipped,
    UnitsDelivered,
    UnitsDateCorrected,
    UnitsReturned,
    PaymentProgressed,
    ReturnProgressed,
    ReturnRequested,
)
"""What changes the figures of an order after it was placed."""

OrderChange = (
    OrderConfirmed
    | OrderEdited
    | OrderCancelled
    | OrderResumed
    | BackordersAllocated
    | UnitsShipped
    | UnitsDelivered
    | UnitsDateCorrected
    | UnitsReturned
    | PaymentProgressed
    | ReturnProgressed
    | ReturnRequested
)

VOID = frozenset({"declined", "cancelled"})
"""The statuses of returns that came to nothing."""


def placed(r: Recorded, event: OrderPlaced) -> OrderFigureRow:
    terms = event.terms
    goods = [line for line in terms.lines if line.stocked]
    units = sum(line.quantity for line in goods)
    quantity = sum(line.quantity for line in terms.lines)
    discounts = sum(line.discount + line.order_discount for line in terms.lines)
    short = _units(event.backorders)
    return OrderFigureRow(
        order_id=event.order_id,
        channel=channel_key(terms.channel),
        sensitive=event.sensitive,
        currency=terms.currency,
        placed_at=event.placed_at,
        confirmed_at=None,
        deliver_by=event.deliver_by,
        gross=terms.total + discounts,
        discounts=discounts,
        tax=terms.tax_total,
        quantity=quantity,
        units=units,
        lines=len(goods),
        allocated=sum(each.quantity for each in event.allocations),
        short=short,
        short_lines=len({each.line_id for each in event.backorders}),
        ordered=quantity,
        goods=units,
        backordered=short,
        backordered_at=r.meta.happened_at if short else None,
        services=[line.line_id for line in terms.lines if not line.stocked],
    )


def changed(row: OrderFigureRow, r: Recorded, event: OrderChange) -> None:
    at = r.meta.happened_at
    match event:
        case OrderConfirmed():
            row.confirmed_at = at
        case OrderEdited():
            _edited(row, at, event)
        case OrderCancelled():
            _cancelled(row, r.meta.actor, event)
            _backordered(row, at, -_units(event.backorders_released))
        case OrderResumed():
            _resumed(row, event)
            _backordered(row, at, _units(event.backorders))
        case BackordersAllocated():
            units = _units(event.backorders) - _units(event.backorders_released)
            _backordered(row, at, units)
        case UnitsShipped():
            row.shipped += _quantity(event.lines)
            row.dispatches[event.shipment_id] = rfc3339(at)
        case UnitsDelivered():
            row.delivered += _quantity(event.lines)
            row.deliveries[event.shipment_id] = rfc3339(at)
        case UnitsDateCorrected():
            dates = row.dispatches if event.date == "dispatched_at" else row.deliveries
            dates[event.shipment_id] = rfc3339(event.corrected_to)
        case UnitsReturned():
            row.returned += _quantity(event.lines)
        case PaymentProgressed():
            row.refunds[event.payment_id] = event.refunded
        case ReturnRequested():
            row.returns.setdefault(event.return_id, {})["kind"] = event.kind
        case ReturnProgressed():
            row.returns.setdefault(event.return_id, {})["status"] = event.status
    _sum_up(row)


def _edited(row: OrderFigureRow, at: datetime, event: OrderEdited) -> None:
    row.edits += 1
    row.edit_difference += event.difference
    for each in event.changed:
        more = each.line.quantity - each.quantity_before
        row.ordered += more
        row.goods += more if each.line.stocked else 0
    for line in event.added:
        row.ordered += line.quantity
        row.goods += line.quantity if line.stocked else 0
    row.services += [line.line_id for line in event.added if not line.stocked]
    row.deliver_by = event.deliver_by or row.deliver_by
    _backordered(row, at, _units(event.backorders) - _units(event.backorders_released))


def _cancelled(row: OrderFigureRow, actor: str, event: OrderCancelled) -> None:
    goods = sum(line.quantity for line in event.lines if line.line_id not in row.services)
    units = _quantity(event.lines)
    cancellation = {"reason": event.reason, "actor": actor, "units": units, "goods": goods}
    row.cancellations = [*row.cancellations, cancellation]


def _resumed(row: OrderFigureRow, event: OrderResumed) -> None:
    """Take back so many units of the newest cancellations."""
    units = _quantity(event.lines)
    goods = sum(line.quantity for line in event.lines if line.line_id not in row.services)
    left: list[dict[str, object]] = []
    for each in reversed(row.cancellations):
        back, goods_back = min(units, _number(each, "units")), min(goods, _number(each, "goods"))
        units, goods = units - back, goods - goods_back
        if back < _number(each, "units"):
            rest = {"units": _number(each, "units") - back}
            left.append({**each, **rest, "goods": _number(each, "goods") - goods_back})
    row.cancellations = left[::-1]


def _backordered(row: OrderFigureRow, at: datetime, more: int) -> None:
    before = row.backordered
    row.backordered += more
    if row.backordered <= 0:
        row.backordered_at = None
    elif before <= 0:
        row.backordered_at = at


def _sum_up(row: OrderFigureRow) -> None:
    """Bring up to date what follows from the collections of the row."""
    row.cancelled = sum(_number(each, "units") for each in row.cancellations)
    row.goods_cancelled = sum(_number(each, "goods") for each in row.cancellations)
    row.goods_withheld = sum(
        _number(each, "goods") for each in row.cancellations if each["reason"] != "customer"
    )
    row.refunded = sum(row.refunds.values())
    valid = [each.get("kind") for each in row.returns.values() if each.get("status") not in VOID]
    row.claims, row.exchanges = valid.count("claim"), valid.count("exchange")
    row.first_shipped_at = min(_times(row.dispatches), default=None)
    arrived = row.delivered > 0 and row.delivered >= row.goods - row.goods_cancelled
    row.delivered_at = max(_times(row.deliveries), default=None) if arrived else None


def _times(dates: Mapping[str, str]) -> list[datetime]:
    return [datetime.fromisoformat(each) for each in dates.values()]


def _units(backorders: Iterable[Backorder]) -> int:
    return sum(each.quantity for each in backorders)


def _quantity(lines: Iterable[LineQuantity]) -> int:
    return sum(each.quantity for each in lines)


def _number(fields: Mapping[str, object], name: str) -> int:
    value = fields[name]
    assert isinstance(value, int), "the units of a cancellation are written by this module"
    return value
