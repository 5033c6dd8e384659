"""What commands about one reservation have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.reservations.answers import ReservationStatusAnswer
from oms_ledger.domain.reservations.rules import held_refs
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.reservations.views import reservation_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class ReservationCommand(Command):
    """Reads a reservation and the stock that it holds, and answers with it."""

    __slots__ = ()
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = ReservationStatusAnswer
    within_channels: ClassVar[bool] = True
    reservation_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        reservation = given.state(Reservation, self.reservation_id)
        return [(Reservation, self.reservation_id), *held_refs(reservation)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return reservation_view(given.state(Reservation, self.reservation_id))
