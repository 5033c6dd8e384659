"""The state of a shipment. Scans are facts with the carrier's own time; a late, duplicate or
out-of-order scan never moves a shipment back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import ClassVar, assert_never

from oms_ledger.domain.fulfilment.events import (
    SHIPMENT_EVENTS,
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentLabelled,
    ShipmentScanned,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Event, Ref, State

PROGRESS = (
    "created",
    "labelled",
    "dispatched",
    "in_transit",
    "out_for_delivery",
    "delivered",
)
"""The way forward. A scan moves a shipment along it, never back."""

SCANS_REMEMBERED = 200
"""Newest recorded scans of which a shipment keeps a digest, so that a repeated one changes nothing.
A bound, since carriers of lost parcels send scans for years; one that is repeated after so many
others is recorded twice, which moves nothing."""

EXCEPTIONS = (
    "exception",
    "attempted_delivery",
    "delayed",
    "failure",
    "return_to_sender",
    "lost",
    "damaged",
    "refused",
)
"""Scans that flag a problem; the status stays what it was until a later scan clears it."""


@dataclass(slots=True)
class Shipment(State):
    """`status` is one of PROGRESS or `cancelled`; `exception` the code of the last exception scan,
    None once a later scan cleared it; `scan_digests` those of the newest recorded scans."""

    category: ClassVar[str] = "shipment"
    grows: ClassVar[bool] = True
    version: int = 0
    created: ShipmentCreated | None = None
    status: str = ""
    tracking_number: str | None = None
    exception: str | None = None
    last_scan_at: datetime | None = None
    dispatched_at: datetime | None = None
    delivered_at: datetime | None = None
    scan_digests: list[int] = field(default_factory=list)

    @property
    def owner(self) -> Ref | None:
        return None if self.created is None else (Order, self.created.order_id)

    def has_scan(self, scan: ShipmentScanned) -> bool:
        """Whether a scan of the same code, time and place is recorded."""
        return scan_digest(scan) in self.scan_digests

    def apply(self, event: Event) -> None:
        if not isinstance(event, SHIPMENT_EVENTS):
            raise TypeError(f"{event.type} does not belong to a shipment")
        _apply(self, event)


def scan_digest(scan: ShipmentScanned) -> int:
    """Eight bytes that tell scans of different code, time or place apart."""
    text = f"{scan.code}\0{scan.scanned_at.timestamp()!r}\0{scan.place}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), signed=True)


def is_newest(shipment: Shipment, scan: ShipmentScanned) -> bool:
    return shipment.last_scan_at is None or scan.scanned_at >= shipment.last_scan_at


def flags_shipment(shipment: Shipment, scan: ShipmentScanned) -> bool:
    """Whether a scan that is about to be recorded flags the shipment with an exception: no later
    scan is known, and the shipment is not delivered."""
    open_to_flags = shipment.status != "delivered" and is_newest(shipment, scan)
    return open_to_flags and scan.code in EXCEPTIONS


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
            shipment.dispatched_at = event.dispatched_at
        case ShipmentScanned():
            _scan(shipment, event)
        case ShipmentDelivered():
            shipment.status = "delivered"
            shipment.exception = None
            shipment.delivered_at = event.delivered_at
        case ShipmentDateCorrected():
            _correct_date(shipment, event)
        case ShipmentCancelled():
            shipment.status = "cancelled"
        case _:
            assert_never(event)


def _correct_date(shipment: Shipment, event: ShipmentDateCorrected) -> None:
    if event.date == "dispatched_at":
        shipment.dispatched_at = event.corrected_to
    else:
        shipment.delivered_at = event.corrected_to


def _scan(shipment: Shipment, scan: ShipmentScanned) -> None:
    shipment.scan_digests.append(scan_digest(scan))
    del shipment.scan_digests[:-SCANS_REMEMBERED]
    if is_newest(shipment, scan):
        shipment.last_scan_at = scan.scanned_at
        if shipment.status != "delivered":
            shipment.exception = scan.code if scan.code in EXCEPTIONS else None
    if scan.code != "delivered":  # delivery is a fact of its own, ShipmentDelivered
        shipment.status = further(shipment.status, scan.code)
