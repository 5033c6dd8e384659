"""All that the read model knows of one order: the order as the domain folds it, and when what
happened. Stored as JSON text, from which every column and every answer is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from oms_ledger.domain.fulfilment.dates import doubtful_dates
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDispatched,
    ShipmentLabelled,
)
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderConfirmed,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
    UnitsDateCorrected,
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import fulfilment_status
from oms_ledger.kernel import Event, Recorded


@dataclass(slots=True)
class OrderDocument:
    """`locations` are those whose stock the order was ever promised, sorted. Times are when it
    happened, not when the ledger heard of it, except `updated_at`; `last_at` is the newest.
    `dispatched` and `delivered` are times by `shipment_id`."""

    order: Order = field(default_factory=Order)
    locations: list[str] = field(default_factory=list)
    confirmed_at: datetime | None = None
    dispatched: dict[str, datetime] = field(default_factory=dict)
    delivered: dict[str, datetime] = field(default_factory=dict)
    updated_at: datetime | None = None
    last_at: datetime | None = None

    @property
    def shipped_at(self) -> datetime | None:
        """When the last goods left; None while some are still to leave."""
        if not self.dispatched:
            return None
        open_units = any(line.open for line in self.order.lines.values() if line.line.stocked)
        return None if open_units else max(self.dispatched.values(), default=None)

    @property
    def delivered_at(self) -> datetime | None:
        """When the last goods arrived; None while some are still to arrive."""
        if not self.delivered:
            return None
        delivered = fulfilment_status(self.order.lines.values()) == "delivered"
        return max(self.delivered.values(), default=None) if delivered else None

    @property
    def doubtful_dates(self) -> list[DoubtfulShipmentDate]:
        """Dates of the order and its shipments that lie before one which they can only follow."""
        placed = self.order.placed
        if placed is None:
            return []
        at = placed.placed_at
        doubtful = [
            DoubtfulShipmentDate(shipment_id, *doubt)
            for shipment_id, left in self.dispatched.items()
            for doubt in doubtful_dates(at, left, self.delivered.get(shipment_id))
        ]
        if self.confirmed_at is not None and self.confirmed_at < at:
            doubtful.insert(0, DoubtfulShipmentDate(None, "confirmed_at", "placed_at"))
        return doubtful


class DoubtfulShipmentDate(NamedTuple):
    """As `DoubtfulDate`; of the shipment, or of the order where `shipment_id` is None."""

    shipment_id: str | None
    date: str
    before: str


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(OrderDocument).decode


def written(document: OrderDocument) -> str:
    return encode(document).decode()


def read(document: str) -> OrderDocument:
    return _decode(document)


def follow(document: OrderDocument, r: Recorded) -> None:
    """Fold one event of the order's stream in. The domain says what it does to the order."""
    order, event, at = document.order, r.event, r.meta.happened_at
    order.apply(event)
    order.version = r.version
    document.updated_at = r.meta.recorded_at
    document.last_at = _later(document.last_at, at)
    _add_locations(document, _locations_of(event))
    if isinstance(event, OrderConfirmed):
        document.confirmed_at = at
    elif isinstance(event, UnitsShipped):
        document.dispatched[event.shipment_id] = at
    elif isinstance(event, UnitsDelivered):
        document.delivered[event.shipment_id] = at
    elif isinstance(event, UnitsDateCorrected):
        dates = document.dispatched if event.date == "dispatched_at" else document.delivered
        dates[event.shipment_id] = event.corrected_to


def _locations_of(event: Event) -> Collection[str]:
    """Where an event promised the order stock."""
    match event:
        case OrderPlaced() | OrderEdited() | OrderResumed() | BackordersAllocated():
            places = {a.location for a in event.allocations}
            return places.union(b.location for b in event.backorders)
        case UnitsPacked():
            return (event.location,)
        case _:
            return ()


def _add_locations(document: OrderDocument, locations: Collection[str]) -> None:
    if locations and not set(document.locations).issuperset(locations):
        document.locations = sorted({*document.locations, *locations})


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other > one else one


@dataclass(slots=True)
class OrderShipment:
    """What an order shows of one of its shipments, beside the order's own word on its status."""

    shipment_id: str
    order_id: str
    location: str
    carrier: str
    service: str | None
    tracking_number: str | None = None


def shipment_after(shipment: OrderShipment | None, r: Recorded) -> OrderShipment | None:
    """The shipment after an event of its stream; None before it was created."""
    event = r.event
    if isinstance(event, ShipmentCreated):
        return OrderShipment(
            event.shipment_id, event.order_id, event.location, event.carrier, event.service
        )
    if shipment is not None and isinstance(event, (ShipmentLabelled, ShipmentDispatched)):
        shipment.tracking_number = event.tracking_number or shipment.tracking_number
    return shipment
