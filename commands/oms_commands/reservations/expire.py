"""Expiry of a reservation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.reservations._reservation_command import ReservationCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.reservations.events import ReservationReleased
from oms_ledger.domain.reservations.rules import holds_released
from oms_ledger.domain.reservations.state import existing_reservation
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ExpireReservation(ReservationCommand):
    """Free the units of a reservation whose time has come.

    The ledger does so by itself. One that was released, used or has expired stays as it is.
    """

    name: ClassVar[str] = "ExpireReservation"
    route: ClassVar[Route] = Route("POST", "/v1/reservations/{reservation_id}/expire")
    example: ClassVar[Mapping[str, Json]] = {}

    reservation_id: Id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        reservation, created, expires_at = existing_reservation(given, self.reservation_id)
        if reservation.ended is not None:
            return ()
        if ctx.now < expires_at:
            raise illegal_transition(
                "The reservation",
                "active",
                "expired",
                f"It is until {rfc3339(expires_at)}. Wait until then, or release it.",
            )
        released = ReservationReleased(self.reservation_id, expired=True)
        return [Change(released), *holds_released(created)]
