"""What the golden files of reservations mean."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.reservations.events import (
    HeldUnits,
    ReservationCreated,
    ReservationEvent,
    ReservationExtended,
    ReservationLine,
    ReservationReleased,
    ReservationUsed,
)

RESERVATION_LITERALS: tuple[ReservationEvent, ...] = (
    ReservationCreated(
        "r1",
        (ReservationLine("85123A", 2, "LON"),),
        (HeldUnits("85123A", "LON", 2),),
        datetime(2026, 1, 4, 9, tzinfo=UTC),
        "basket 7",
        "web",
        True,
    ),
    ReservationExtended("r1", datetime(2026, 1, 5, 9, tzinfo=UTC)),
    ReservationReleased("r1", expired=True),
    ReservationUsed("r1", "o1"),
)
