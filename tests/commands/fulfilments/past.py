"""Pasts of fulfilment orders of the order `o1`, made short to write."""

from __future__ import annotations

from oms_ledger.domain.fulfilment.events import ShipmentCreated, ShipmentLine
from oms_ledger.domain.fulfilments.events import (
    FulfilmentOpened,
    FulfilmentPicked,
    FulfilmentReadyForPickup,
    FulfilmentSplit,
    PickedLine,
)
from oms_ledger.domain.orders.events import FulfilmentReleased, UnitsPacked
from oms_ledger.kernel import Event
from oms_ledger.testing import replace
from tests.commands.shop import AT, SHIP_BY, created, place, quantities, six, stock

WORK = "o1@LON"
PART = "o1@LON~2"
OPENED = FulfilmentOpened(WORK, "o1", "WEB-000001", "web", "LON", AT, SHIP_BY)
BEGUN = FulfilmentReleased("o1", WORK)


def opened() -> tuple[Event, ...]:
    """Work on the six units at LON has begun."""
    return OPENED, BEGUN


def part(units: int) -> tuple[Event, ...]:
    """So many units were split off."""
    lines = quantities(units)
    return FulfilmentSplit(WORK, PART, lines), replace(OPENED, fulfilment_id=PART, lines=lines)


def picked(units: int, fulfilment_id: str = WORK) -> FulfilmentPicked:
    return FulfilmentPicked(fulfilment_id, (PickedLine("1", "A", units),))


def parcel(
    units: int, shipment_id: str = "s1", fulfilment_id: str | None = WORK
) -> ShipmentCreated:
    """A shipment of the fulfilment order."""
    shipment = created(shipment_id, ShipmentLine("1", "A", units))
    return replace(shipment, fulfilment_id=fulfilment_id)


def waiting(units: int = 6) -> tuple[Event, ...]:
    """So many units wait at LON for the buyer."""
    pickup = replace(parcel(units), carrier="pickup", service="pickup")
    return (
        *opened(),
        UnitsPacked("o1", "s1", "LON", quantities(units)),
        pickup,
        FulfilmentReadyForPickup(WORK, "s1"),
    )


def two_places(units_there: int = 9) -> tuple[Event, ...]:
    """The six units at LON, and so many free ones at MAN."""
    there = (stock(units_there, location="MAN"),) if units_there else ()
    return (*six(), place("MAN", 2), *there)
