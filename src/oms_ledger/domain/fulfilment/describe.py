"""Events of shipments as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from oms_ledger.domain.fulfilment.events import (
    ShipmentCancelled,
    ShipmentCreated,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
    ShipmentEvent,
    ShipmentLabelled,
    ShipmentScanned,
)
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.phrases import plural


def describe_shipment(event: ShipmentEvent) -> str:
    match event:
        case ShipmentCreated():
            service = f" ({event.service})" if event.service else ""
            units = sum(line.quantity for line in event.lines)
            return (
                f"Shipment {event.shipment_id} made up at {event.location}: "
                f"{plural(units, 'unit')} with {event.carrier}{service}"
                f"{_forced(event.force, event.overridden)}"
            )
        case ShipmentLabelled():
            return f"Shipment {event.shipment_id} labelled{_tracking(event.tracking_number)}"
        case ShipmentDispatched():
            handed = f"Shipment {event.shipment_id} handed to the carrier"
            forced = _forced(event.force, event.overridden)
            return handed + _tracking(event.tracking_number) + _simulated(event.simulated) + forced
        case ShipmentScanned():
            place = f" at {event.place}" if event.place else ""
            return f"Carrier's scan of shipment {event.shipment_id}: {event.code}{place}"
        case ShipmentDelivered():
            return f"Shipment {event.shipment_id} delivered{_simulated(event.simulated)}"
        case ShipmentDateCorrected():
            fact = "hand-over" if event.date == "dispatched_at" else "delivery"
            corrected = rfc3339(event.corrected_to)
            return f"Date of {fact} of shipment {event.shipment_id} corrected to {corrected}"
        case ShipmentCancelled():
            return f"Shipment {event.shipment_id} cancelled"
        case _:
            assert_never(event)


def _tracking(number: str | None) -> str:
    return f", tracking number {number}" if number else ""


def _forced(reason: str | None, overridden: Sequence[str]) -> str:
    return f", in spite of {', '.join(overridden)}; reason: {reason}" if overridden else ""


def _simulated(simulated: bool) -> str:
    return " (simulated)" if simulated else ""
