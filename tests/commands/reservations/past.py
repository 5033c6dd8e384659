"""Reservations that commands are tried on."""

from __future__ import annotations

from datetime import timedelta

from oms_ledger.domain.reservations.events import (
    HeldUnits,
    ReservationCreated,
    ReservationLine,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.domain.stock.events import StockHeld, StockHoldReleased
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT
from tests.commands.shop import SHELF

NOW = CONTEXT.now
LATER = NOW + timedelta(minutes=10)
FREED = StockHoldReleased("A", "LON", 4, "r1")


def held(seconds: int = 600, channel: str | None = None) -> tuple[Event, ...]:
    """Four of the ten units on the shelf are held until so many seconds from now."""
    until = NOW + timedelta(seconds=seconds)
    lines, units = (ReservationLine("A", 4),), (HeldUnits("A", "LON", 4),)
    created = ReservationCreated("r1", lines, units, until, channel=channel)
    return (*SHELF, created, StockHeld("A", "LON", 4, "r1"))


RELEASED = (*held(), ReservationReleased("r1"), FREED)
USED = (*held(), ReservationUsed("r1", "o1"), FREED)
