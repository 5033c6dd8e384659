"""The state of an order, folded from its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, assert_never

from oms_ledger.domain.orders.events import (
    ORDER_EVENTS,
    BackordersAllocated,
    HoldReleased,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderHeld,
    OrderPlaced,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import (
    Allocation,
    Backorder,
    LineProgress,
)
from oms_ledger.domain.orders.status import Statuses, fulfilment_status, order_status
from oms_ledger.kernel import Event, State


@dataclass(slots=True)
class Hold:
    hold_id: str
    reason: str
    note: str | None


@dataclass(slots=True)
class Order(State):
    """`shipments` maps each shipment to created, dispatched, delivered or cancelled."""

    category: ClassVar[str] = "order"
    version: int = 0
    placed: OrderPlaced | None = None
    confirmed: bool = False
    lines: dict[str, LineProgress] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    shipments: dict[str, str] = field(default_factory=dict)

    @property
    def sensitive(self) -> bool:
        return self.placed is not None and self.placed.sensitive

    @property
    def statuses(self) -> Statuses:
        lines = self.lines.values()
        in_work = "created" in self.shipments.values()
        return Statuses(
            order=order_status(lines, confirmed=self.confirmed, in_work=in_work),
            payment="none",
            fulfilment=fulfilment_status(lines),
            returned=return_status(self),
        )

    def apply(self, event: Event) -> None:
        if not isinstance(event, ORDER_EVENTS):
            raise TypeError(f"{event.type} does not belong to an order")
        _apply(self, event)


def return_status(order: Order) -> str:
    """none, partially_returned or returned."""
    returned = sum(line.returned for line in order.lines.values())
    if not returned:
        return "none"
    shipped = sum(line.shipped for line in order.lines.values())
    return "returned" if returned >= shipped else "partially_returned"


def _apply(order: Order, event: OrderEvent) -> None:
    match event:
        case OrderPlaced():
            order.placed = event
            order.lines = {line.line_id: LineProgress(line) for line in event.terms.lines}
            _allocate(order, event.allocations)
            for b in event.backorders:
                _add(order.lines[b.line_id].backordered_at, b.location, b.quantity)
        case OrderConfirmed():
            order.confirmed = True
        case OrderCancelled():
            for line in event.lines:
                order.lines[line.line_id].cancelled += line.quantity
            for a in event.released:
                _add(order.lines[a.line_id].allocated_at, a.location, -a.quantity)
            _release_backorders(order, event.backorders_released)
        case BackordersAllocated():
            _allocate(order, event.allocations)
            _release_backorders(order, event.backorders_released)
        case OrderHeld():
            order.holds[event.hold_id] = Hold(event.hold_id, event.reason, event.note)
        case HoldReleased():
            del order.holds[event.hold_id]
        case UnitsPacked():
            order.shipments[event.shipment_id] = "created"
            for line in event.lines:
                progress = order.lines[line.line_id]
                progress.packed += line.quantity
                _add(progress.allocated_at, event.location, -line.quantity)
        case UnitsUnpacked():
            order.shipments[event.shipment_id] = "cancelled"
            for line in event.lines:
                progress = order.lines[line.line_id]
                progress.packed -= line.quantity
                _add(progress.allocated_at, event.location, line.quantity)
        case UnitsShipped():
            order.shipments[event.shipment_id] = "dispatched"
            for line in event.lines:
                progress = order.lines[line.line_id]
                progress.packed -= line.quantity
                progress.shipped += line.quantity
        case UnitsDelivered():
            order.shipments[event.shipment_id] = "delivered"
            for line in event.lines:
                order.lines[line.line_id].delivered += line.quantity
        case UnitsReturned():
            for line in event.lines:
                order.lines[line.line_id].returned += line.quantity
        case _:
            assert_never(event)


def _allocate(order: Order, allocations: tuple[Allocation, ...]) -> None:
    for a in allocations:
        _add(order.lines[a.line_id].allocated_at, a.location, a.quantity)


def _release_backorders(order: Order, backorders: tuple[Backorder, ...]) -> None:
    for b in backorders:
        _add(order.lines[b.line_id].backordered_at, b.location, -b.quantity)


def _add(at: dict[str, int], location: str, quantity: int) -> None:
    """Add to a counter per location, and forget it when it is back at 0."""
    total = at.get(location, 0) + quantity
    if total:
        at[location] = total
    else:
        del at[location]
