"""What happened, in words: every event of the ledger as sentences for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from oms_ledger.domain.catalogue.channel import OrderNumbered, order_number
from oms_ledger.domain.catalogue.location import LocationDefined
from oms_ledger.domain.catalogue.product import ProductDefined
from oms_ledger.domain.customers.customer import (
    CUSTOMER_EVENTS,
    CustomerEvent,
    CustomerForgotten,
    CustomerHeld,
    CustomerHoldReleased,
)
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.domain.fulfilment.shipment import (
    SHIPMENT_EVENTS,
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentLabelled,
    ShipmentScanned,
)
from oms_ledger.domain.money import to_text
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.orders.order import (
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
from oms_ledger.domain.stock.stock import (
    STOCK_EVENTS,
    BackorderReleased,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
)
from oms_ledger.kernel import Event

Skus = Mapping[str, str]
"""SKU of each line of the order that is told about."""


def words(event: Event, skus: Skus) -> list[str]:
    """One sentence for what happened, and one for each thing it did to a line."""
    if isinstance(event, ORDER_EVENTS):
        return order_words(event, skus)
    if isinstance(event, SHIPMENT_EVENTS):
        return [shipment_words(event)]
    if isinstance(event, STOCK_EVENTS):
        return [stock_words(event)]
    if isinstance(event, ProductDefined):
        return [f"Product {event.sku} defined: {event.title}"]
    if isinstance(event, LocationDefined):
        return [f"Location {event.code} defined: {event.name}, a {event.kind}"]
    if isinstance(event, CUSTOMER_EVENTS):
        return [customer_words(event)]
    if isinstance(event, RetentionSet):
        return [retention_words(event)]
    if isinstance(event, OrderNumbered):
        return [f"Order {order_number(event.channel, event.sequence)} numbered"]
    raise TypeError(f"{event.type} has no words yet; give it some in {__name__}")


def order_words(event: OrderEvent, skus: Skus) -> list[str]:
    match event:
        case OrderPlaced():
            return [_placed(event), *_allocated(event.allocations), *_short(event.backorders)]
        case OrderConfirmed():
            return ["Order confirmed"]
        case OrderCancelled():
            why = f"reason: {event.reason}" + _note(event.note)
            return [f"Cancelled {_units(event.lines, skus)}; {why}", *_freed(event)]
        case BackordersAllocated():
            return ["Stock came in for what was backordered", *_allocated(event.allocations)]
        case OrderHeld():
            return [f"Put on hold; reason: {event.reason}{_note(event.note)}"]
        case HoldReleased():
            return [f"Hold {event.hold_id} released"]
        case UnitsPacked():
            return [f"Packed {_units(event.lines, skus)} at {event.location}"]
        case UnitsUnpacked():
            return [f"Unpacked {_units(event.lines, skus)} at {event.location}"]
        case UnitsShipped():
            return [f"Shipped {_units(event.lines, skus)}"]
        case UnitsDelivered():
            return [f"Delivered {_units(event.lines, skus)}"]
        case UnitsReturned():
            return [f"Returned {_units(event.lines, skus)}{_reference(event.reference)}"]
        case _:
            assert_never(event)


def shipment_words(event: ShipmentEvent) -> str:
    match event:
        case ShipmentCreated():
            service = f" ({event.service})" if event.service else ""
            units = sum(line.quantity for line in event.lines)
            return (
                f"Shipment {event.shipment_id} made up at {event.location}: "
                f"{_count(units, 'unit')} with {event.carrier}{service}"
            )
        case ShipmentLabelled():
            return f"Shipment {event.shipment_id} labelled{_tracking(event.tracking_number)}"
        case ShipmentDispatched():
            handed = f"Shipment {event.shipment_id} handed to the carrier"
            return handed + _tracking(event.tracking_number) + _simulated(event.simulated)
        case ShipmentScanned():
            place = f" at {event.place}" if event.place else ""
            return f"Carrier's scan of shipment {event.shipment_id}: {event.code}{place}"
        case ShipmentDelivered():
            return f"Shipment {event.shipment_id} delivered{_simulated(event.simulated)}"
        case ShipmentCancelled():
            return f"Shipment {event.shipment_id} cancelled"
        case _:
            assert_never(event)


def stock_words(event: StockEvent) -> str:
    match event:
        case StockAdjusted():
            change = f"{event.change:+d} x {event.sku} at {event.location}"
            return f"Stock corrected: {change}; {event.reason}{_reference(event.reference)}"
        case StockMovedOut():
            return f"{_goods(event)} moved to {event.to_location}{_reference(event.reference)}"
        case StockMovedIn():
            return f"{_goods(event)} came from {event.from_location}{_reference(event.reference)}"
        case StockReceived():
            return f"{_goods(event)} received{_reference(event.reference)}"
        case StockReturned():
            return f"{_goods(event)} returned to stock{_reference(event.reference)}"
        case StockAllocated():
            return f"{_goods(event)} allocated"
        case StockReleased():
            return f"{_goods(event)} released"
        case StockBackordered():
            return f"{_goods(event)} backordered"
        case BackorderReleased():
            return f"{_goods(event)} no longer backordered"
        case StockShipped():
            return f"{_goods(event)} left the building"
        case _:
            assert_never(event)


def customer_words(event: CustomerEvent) -> str:
    who = f"Customer {event.customer_id}"
    match event:
        case CustomerForgotten():
            over = f", after {event.period.keep} of {event.period.kind}" if event.period else ""
            return f"{who} forgotten; reason: {event.reason}{_note(event.note)}{over}"
        case CustomerHeld():
            reference = _reference(event.reference)
            return f"{who} put on legal hold {event.hold_id}; reason: {event.reason}{reference}"
        case CustomerHoldReleased():
            return f"{who} released from legal hold {event.hold_id}; reason: {event.reason}"
        case _:
            assert_never(event)


def retention_words(event: RetentionSet) -> str:
    of = f"{event.kind} of {event.country}" if event.country else event.kind
    kept = f"kept for {event.keep}" if event.keep else "without a period of their own"
    return f"Retention: {of} {kept}{_reference(event.reference)}"


def _placed(event: OrderPlaced) -> str:
    terms = event.terms
    total = to_text(terms.total, terms.currency)
    lines = _count(len(terms.lines), "line")
    return f"Order placed through {terms.channel}: {lines}, {total} {terms.currency}"


def _allocated(allocations: Iterable[Allocation]) -> list[str]:
    return [f"{a.quantity} x {a.sku} allocated at {a.location}" for a in allocations]


def _short(backorders: Iterable[Backorder]) -> list[str]:
    return [f"{b.quantity} x {b.sku} backordered at {b.location}" for b in backorders]


def _freed(event: OrderCancelled) -> list[str]:
    freed = [f"{a.quantity} x {a.sku} released at {a.location}" for a in event.released]
    wanted_no_more = [
        f"{b.quantity} x {b.sku} no longer backordered at {b.location}"
        for b in event.backorders_released
    ]
    return freed + wanted_no_more


def _units(lines: Iterable[LineQuantity], skus: Skus) -> str:
    return ", ".join(f"{q.quantity} x {skus.get(q.line_id, q.line_id)}" for q in lines)


def _goods(
    event: StockReceived
    | StockReturned
    | StockAllocated
    | StockReleased
    | StockBackordered
    | BackorderReleased
    | StockShipped
    | StockMovedOut
    | StockMovedIn,
) -> str:
    return f"{event.quantity} x {event.sku} at {event.location}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _note(note: str | None) -> str:
    return f" ({note})" if note else ""


def _reference(reference: str | None) -> str:
    return f", reference {reference}" if reference else ""


def _tracking(number: str | None) -> str:
    return f", tracking number {number}" if number else ""


def _simulated(simulated: bool) -> str:
    return " (simulated)" if simulated else ""
