"""Checks of shipments: they go forward, and have the units that their orders packed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilment.state import PROGRESS, Shipment
from oms_ledger.domain.orders.events import UnitsPacked

PackedUnits: TypeAlias = tuple[str, str, Sequence[tuple[str, int]]]
"""An order id, a location, and the units of each line id."""


class ShipmentClaims:
    """How far each shipment has come. `of_orders` and `of_shipments` are the packed units by
    shipment id that the events of one command name."""

    def __init__(self) -> None:
        self.of_orders: dict[str, PackedUnits] = {}
        self.of_shipments: dict[str, PackedUnits] = {}
        self._reached: dict[str, int] = {}

    def packed(self, event: UnitsPacked) -> None:
        self.of_orders[event.shipment_id] = _units(event)

    def created(self, event: ShipmentCreated) -> None:
        self.of_shipments[event.shipment_id] = _units(event)

    def earlier_status(self, stream: str, shipment: Shipment) -> str | None:
        """The status that the shipment had, where it is beyond the one that it has now."""
        reached = PROGRESS.index(shipment.status)
        before = self._reached.get(stream, 0)
        self._reached[stream] = reached
        return PROGRESS[before] if reached < before else None

    def end_of_command(self) -> None:
        self.of_orders.clear()
        self.of_shipments.clear()


def _units(event: UnitsPacked | ShipmentCreated) -> PackedUnits:
    units = [(line.line_id, line.quantity) for line in event.lines]
    return event.order_id, event.location, units
