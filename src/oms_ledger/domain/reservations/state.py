"""The state of a reservation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.reservations.events import (
    ReservationCreated,
    ReservationExtended,
    ReservationReleased,
    ReservationUsed,
)
from oms_ledger.kernel import Event, Given, State


@dataclass(slots=True)
class Reservation(State):
    """`ended` is how it ended: released, expired or used; None while its units are held.
    `order_id` is the order that was placed with it."""

    category: ClassVar[str] = "reservation"
    version: int = 0
    created: ReservationCreated | None = None
    expires_at: datetime | None = None
    ended: str | None = None
    order_id: str | None = None

    @property
    def channel(self) -> str | None:
        """That of its order. One that any channel may use belongs to the channel with the empty
        name: keys that are bound to channels neither make nor see it."""
        if self.created is None:
            return None
        return "" if self.created.channel is None else channel_key(self.created.channel)

    @property
    def status(self) -> str:
        """active, released, expired or used."""
        return self.ended or "active"

    def apply(self, event: Event) -> None:
        match event:
            case ReservationCreated():
                self.created, self.expires_at = event, event.expires_at
            case ReservationExtended():
                self.expires_at = event.expires_at
            case ReservationReleased():
                self.ended = "expired" if event.expired else "released"
            case ReservationUsed():
                self.ended, self.order_id = "used", event.order_id
            case _:
                raise TypeError(f"{event.type} does not belong to a reservation")


def existing_reservation(
    given: Given, reservation_id: str
) -> tuple[Reservation, ReservationCreated, datetime]:
    """The reservation, its first event, and when it expires. `NotFound` where there is none."""
    reservation = given.state(Reservation, reservation_id)
    if reservation.created is None or reservation.expires_at is None:
        raise NotFound(
            f"There is no reservation {reservation_id}. GET /v1/reservations lists them."
        )
    return reservation, reservation.created, reservation.expires_at


def active_reservation(
    given: Given, reservation_id: str, now: datetime, wanted: str
) -> tuple[ReservationCreated, datetime]:
    """The first event of a reservation whose units are held, and the time at which it expires,
    which has not come. `NotFound`, or `Refused` with `illegal_transition`, where it is not such a
    one."""
    reservation, created, expires_at = existing_reservation(given, reservation_id)
    over = reservation.ended is None and expires_at <= now
    if over or reservation.ended is not None:
        status = "expired" if over else reservation.status
        remedy = "Make another one, or order without it."
        raise illegal_transition("The reservation", status, wanted, remedy)
    return created, expires_at
