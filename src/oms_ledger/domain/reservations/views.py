"""Reservations as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.json_values import plain, rfc3339
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.kernel import Json


def reservation_view(reservation: Reservation) -> dict[str, Json]:
    """`ValueError` for one that was never created."""
    created, expires_at = reservation.created, reservation.expires_at
    if created is None or expires_at is None:
        raise ValueError("a reservation's first event is ReservationCreated")
    return {
        "reservation_id": created.reservation_id,
        "version": reservation.version,
        "status": reservation.status,
        "sensitive": created.sensitive,
        "expires_at": rfc3339(expires_at),
        "channel": created.channel,
        "reference": created.reference,
        "order_id": reservation.order_id,
        "lines": [plain(line) for line in created.lines],
        "held": [plain(units) for units in created.held] if reservation.ended is None else [],
    }
