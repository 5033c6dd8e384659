"""Releasing a reservation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.reservations._reservation_command import ReservationCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.reservations.events import ReservationReleased
from oms_ledger.domain.reservations.rules import holds_released
from oms_ledger.domain.reservations.state import existing_reservation
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseReservation(ReservationCommand):
    """Release a reservation: its units are free at once.

    One that was released or has expired stays as it is.
    """

    name: ClassVar[str] = "ReleaseReservation"
    route: ClassVar[Route] = Route("POST", "/v1/reservations/{reservation_id}/release")
    example: ClassVar[Mapping[str, Json]] = {}

    reservation_id: Id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        reservation, created, _ = existing_reservation(given, self.reservation_id)
        if reservation.ended == "used":
            raise illegal_transition(
                "The reservation",
                "used",
                "released",
                f"Its units are those of order {reservation.order_id}: cancel that.",
            )
        if reservation.ended is not None:
            return ()
        return [Change(ReservationReleased(self.reservation_id)), *holds_released(created)]
