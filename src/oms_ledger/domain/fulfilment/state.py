"""The state of a shipment. Scans are facts with the carrier's own time; a late, duplicate or
out-of-order scan never moves a shipment back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, assert_never

from oms_ledger.domain.fulfilment.events import (
    SHIPMENT_EVENTS,
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentLabelled,
    ShipmentScanned,
)
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
