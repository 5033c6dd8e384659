"""The order: what was agreed, what has happened to it since, and its four statuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias, assert_never, get_args

from oms_ledger.domain.orders.lines import (
    Allocation,
    Backorder,
    LineProgress,
    LineQuantity,
    OrderLine,
    Statuses,
    fulfilment_status,
    order_status,
)
from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class Customer:
    id: str | None = None
    name: Personal | None = None
    email: Personal | None = None
    phone: Personal | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where to ship to. What would lead to somebody's door is personal."""

    name: Personal | None = None
    line1: Personal | None = None
    line2: Personal | None = None
    city: str | None = None
    region: str | None = None
    postal_code: Personal | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class ShippingCharge:
    """The service the buyer chose; `price` in minor units."""

    service: str
    price: int = 0


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What buyer and seller agreed on. Frozen at placement; sent again under the same
    external id, it must be equal to be the same order."""

    channel: str
    currency: str
    lines: tuple[OrderLine, ...]
    placed_at: datetime | None = None
    external_id: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    shipping: ShippingCharge | None = None
    backorder: str = "refuse"
    promised_ship_at: datetime | None = None
    promised_delivery_at: datetime | None = None

    @property
    def total(self) -> int:
        """Minor units: lines with tax, less discounts, plus shipping."""
        lines = sum(line.amount for line in self.lines)
        return lines + (self.shipping.price if self.shipping else 0)


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    """`ship_by` and `deliver_by` are the promise made: the terms' own dates, or those that
    follow from the shipping service. `sensitive`: what was ordered says something of somebody's
    health, as whoever placed it said, or as a product in it then was. It stays so for ever."""

    type: ClassVar[str] = "order.placed.v1"
    order_id: str
    number: str
    terms: OrderTerms
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class OrderConfirmed(Event):
    type: ClassVar[str] = "order.confirmed.v1"
    order_id: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """Units cancelled, line by line; `released` and `backorders_released` tell what that
    freed, and where."""

    type: ClassVar[str] = "order.cancelled.v1"
    order_id: str
    reason: str
    note: str | None
    lines: tuple[LineQuantity, ...]
    released: tuple[Allocation, ...] = ()
    backorders_released: tuple[Backorder, ...] = ()


@dataclass(frozen=True, slots=True)
class BackordersAllocated(Event):
    """Backordered units got real stock."""

    type: ClassVar[str] = "order.backorders_allocated.v1"
    order_id: str
    allocations: tuple[Allocation, ...]
    backorders_released: tuple[Backorder, ...]


@dataclass(frozen=True, slots=True)
class OrderHeld(Event):
    type: ClassVar[str] = "order.held.v1"
    order_id: str
    hold_id: str
    reason: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HoldReleased(Event):
    type: ClassVar[str] = "order.hold_released.v1"
    order_id: str
    hold_id: str


@dataclass(frozen=True, slots=True)
class UnitsPacked(Event):
    """Allocated units went into a shipment that has not left yet."""

    type: ClassVar[str] = "order.units_packed.v1"
    order_id: str
    shipment_id: str
    location: str
    lines: tuple[LineQuantity, ...]


@dataclass(frozen=True, slots=True)
class UnitsUnpacked(Event):
    """The shipment was cancelled; exactly its units are allocated again."""

    type: ClassVar[str] = "order.units_unpacked.v1"
    order_id: str
    shipment_id: str
    location: str
    lines: tuple[LineQuantity, ...]


@dataclass(frozen=True, slots=True)
class UnitsShipped(Event):
    type: ClassVar[str] = "order.units_shipped.v1"
    order_id: str
    shipment_id: str
    lines: tuple[LineQuantity, ...]


@dataclass(frozen=True, slots=True)
class UnitsDelivered(Event):
    type: ClassVar[str] = "order.units_delivered.v1"
    order_id: str
    shipment_id: str
    lines: tuple[LineQuantity, ...]


@dataclass(frozen=True, slots=True)
class UnitsReturned(Event):
    """Shipped units came back."""

    type: ClassVar[str] = "order.units_returned.v1"
    order_id: str
    reference: str | None
    lines: tuple[LineQuantity, ...]


OrderEvent: TypeAlias = (
    OrderPlaced
    | OrderConfirmed
    | OrderCancelled
    | BackordersAllocated
    | OrderHeld
    | HoldReleased
    | UnitsPacked
    | UnitsUnpacked
    | UnitsShipped
    | UnitsDelivered
    | UnitsReturned
)
ORDER_EVENTS: tuple[type[OrderEvent], ...] = get_args(OrderEvent)


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
