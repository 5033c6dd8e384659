"""A parcel's way to the buyer. Scans are facts with the carrier's own time; a late, doubled or
out-of-order scan never moves a shipment back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias, assert_never, get_args

from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event, State

PROGRESS = (
    "created",
    "labelled",
    "dispatched",
    "in_transit",
    "out_for_delivery",
    "delivered",
)
"""The way forward. A scan moves a shipment along it, never back."""

EXCEPTIONS = ("exception", "attempted_delivery", "delayed", "failure", "return_to_sender", "lost")
"""Scans that flag a problem; the status stays what it was until a later scan clears it."""


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Package:
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None


@dataclass(frozen=True, slots=True)
class ShipmentCreated(Event):
    """Carries what is known of its order then, so that shipments can be judged by themselves:
    who ordered when through which channel, what was promised, and whether it is sensitive."""

    type: ClassVar[str] = "shipment.created.v1"
    shipment_id: str
    order_id: str
    order_number: str
    channel: str
    location: str
    carrier: str
    service: str | None
    lines: tuple[ShipmentLine, ...]
    packages: tuple[Package, ...]
    tracking_token: str
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    recipient: Personal | None = None
    city: str | None = None
    country: str | None = None
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentLabelled(Event):
    type: ClassVar[str] = "shipment.labelled.v1"
    shipment_id: str
    tracking_number: str | None


@dataclass(frozen=True, slots=True)
class ShipmentDispatched(Event):
    """Handed to the carrier: the units leave the stock here."""

    type: ClassVar[str] = "shipment.dispatched.v1"
    shipment_id: str
    order_id: str
    tracking_number: str | None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentScanned(Event):
    """A carrier's scan: our `code`, and the carrier's own words in `raw`. `place` is where it
    was scanned."""

    type: ClassVar[str] = "shipment.scanned.v1"
    shipment_id: str
    code: str
    scanned_at: datetime
    place: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class ShipmentDelivered(Event):
    type: ClassVar[str] = "shipment.delivered.v1"
    shipment_id: str
    order_id: str
    delivered_at: datetime
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentCancelled(Event):
    type: ClassVar[str] = "shipment.cancelled.v1"
    shipment_id: str
    order_id: str


ShipmentEvent: TypeAlias = (
    ShipmentCreated
    | ShipmentLabelled
    | ShipmentDispatched
    | ShipmentScanned
    | ShipmentDelivered
    | ShipmentCancelled
)
SHIPMENT_EVENTS: tuple[type[ShipmentEvent], ...] = get_args(ShipmentEvent)


@dataclass(slots=True)
class Shipment(State):
    """`status` is one of PROGRESS or `cancelled`; `trouble` the last exception's code, if no
    later scan cleared it."""

    category: ClassVar[str] = "shipment"
    version: int = 0
    created: ShipmentCreated | None = None
    status: str = ""
    tracking_number: str | None = None
    trouble: str | None = None
    last_scan_at: datetime | None = None
    delivered_at: datetime | None = None
    scans: list[ShipmentScanned] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        if not isinstance(event, SHIPMENT_EVENTS):
            raise TypeError(f"{event.type} does not belong to a shipment")
        _apply(self, event)


def further(status: str, reached: str) -> str:
    """The later of two statuses on the way forward."""
    if reached not in PROGRESS:
        return status
    return reached if PROGRESS.index(reached) > PROGRESS.index(status) else status


def _apply(shipment: Shipment, event: ShipmentEvent) -> None:
    match event:
        case ShipmentCreated():
            shipment.created = event
            shipment.status = "created"
        case ShipmentLabelled():
            shipment.status = "labelled"
            shipment.tracking_number = event.tracking_number
        case ShipmentDispatched():
            shipment.status = "dispatched"
            shipment.tracking_number = event.tracking_number or shipment.tracking_number
        case ShipmentScanned():
            _scan(shipment, event)
        case ShipmentDelivered():
            shipment.status = "delivered"
            shipment.trouble = None
            shipment.delivered_at = event.delivered_at
        case ShipmentCancelled():
            shipment.status = "cancelled"
        case _:
            assert_never(event)


def _scan(shipment: Shipment, scan: ShipmentScanned) -> None:
    shipment.scans.append(scan)
    newest = shipment.last_scan_at is None or scan.scanned_at >= shipment.last_scan_at
    if newest:
        shipment.last_scan_at = scan.scanned_at
        if shipment.status != "delivered":
            shipment.trouble = scan.code if scan.code in EXCEPTIONS else None
    if scan.code != "delivered":  # delivery is a fact of its own, ShipmentDelivered
        shipment.status = further(shipment.status, scan.code)
