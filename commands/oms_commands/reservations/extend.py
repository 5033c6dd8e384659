"""Extending a reservation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.reservations._fields import Seconds, expiry
from oms_commands.reservations._reservation_command import ReservationCommand
from oms_ledger.domain.reservations.events import ReservationExtended
from oms_ledger.domain.reservations.state import active_reservation
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ExtendReservation(ReservationCommand):
    """Extend a reservation, so that it expires `expires_in_s` seconds from now.

    One that expires later stays as it is: nothing is shortened.
    """

    name: ClassVar[str] = "ExtendReservation"
    route: ClassVar[Route] = Route("POST", "/v1/reservations/{reservation_id}/extend")
    example: ClassVar[Mapping[str, Json]] = {"expires_in_s": 900}

    reservation_id: Id
    expires_in_s: Seconds

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        _, before = active_reservation(given, self.reservation_id, ctx.now, "extended")
        after = expiry(self.expires_in_s, ctx)
        return [Change(ReservationExtended(self.reservation_id, after))] if after > before else []
