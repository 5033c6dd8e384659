"""The shipments of an order, as far as the order's guards need them."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import (
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
    UnitsUnpacked,
)

Shipments: TypeAlias = dict[str, str]
"""By `shipment_id`: created, dispatched, delivered or cancelled."""

ShipmentProgress: TypeAlias = UnitsPacked | UnitsUnpacked | UnitsShipped | UnitsDelivered


def apply_to_shipments(shipments: Shipments, event: ShipmentProgress) -> None:
    match event:
        case UnitsPacked():
            shipments[event.shipment_id] = "created"
        case UnitsUnpacked():
            shipments[event.shipment_id] = "cancelled"
        case UnitsShipped():
            shipments[event.shipment_id] = "dispatched"
        case UnitsDelivered():
            shipments[event.shipment_id] = "delivered"
        case _:
            assert_never(event)
