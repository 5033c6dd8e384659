"""Events of reservations as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.phrases import plural, reference_suffix
from oms_ledger.domain.reservations.events import (
    ReservationCreated,
    ReservationEvent,
    ReservationExtended,
    ReservationReleased,
    ReservationUsed,
)


def describe_reservation(event: ReservationEvent) -> str:
    match event:
        case ReservationCreated():
            units = plural(sum(line.quantity for line in event.lines), "unit")
            until = rfc3339(event.expires_at)
            return f"{units} reserved until {until}{reference_suffix(event.reference)}"
        case ReservationExtended():
            return f"Reservation extended until {rfc3339(event.expires_at)}"
        case ReservationReleased():
            return "Reservation expired" if event.expired else "Reservation released"
        case ReservationUsed():
            return f"Reservation used by order {event.order_id}"
        case _:
            assert_never(event)
