"""What is to be routed: lines, a destination, and the places that have stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oms_ledger.domain.geography import GeoPoint
from oms_ledger.domain.units import UnitOfMeasure


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an order goes to, as far as it is known."""

    country: str | None = None
    postal_area: str | None = None
    point: GeoPoint | None = None


@dataclass(frozen=True, slots=True)
class DemandLine:
    """Units that a line needs. `unit_price` in minor units of the order's currency; where the line
    has a `unit`, it is that of a whole one, of which the quantity is steps."""

    line_id: str
    sku: str
    quantity: int
    unit_price: int = 0
    unit: UnitOfMeasure | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A location that has some of what is needed. `units` by SKU, above 0. `capacity_left` is what
    it can still send that day, None without a limit; it may be below 0."""

    code: str
    priority: int
    units: Mapping[str, int]
    country: str | None = None
    postal_area: str | None = None
    point: GeoPoint | None = None
    capacity_left: int | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """The lines of one decision, in order, and the `places` that can serve them, by code."""

    currency: str
    lines: tuple[DemandLine, ...]
    destination: Destination
    places: Mapping[str, Place]

    @property
    def units_by_sku(self) -> dict[str, int]:
        units: dict[str, int] = {}
        for line in self.lines:
            units[line.sku] = units.get(line.sku, 0) + line.quantity
        return units
