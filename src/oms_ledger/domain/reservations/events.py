"""Events of a reservation's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, OrderId, ReservationId, Sku
from oms_ledger.kernel import Event, Record


class ReservationLine(Record, frozen=True):
    """Units that are wanted of a SKU: at `location`, or anywhere where it is None."""

    sku: Sku
    quantity: int
    location: Harmless | None = None


class HeldUnits(Record, frozen=True):
    """Units of a SKU that are held at a location; of a kit those of its components."""

    sku: Sku
    location: Harmless
    quantity: int


class ReservationStreamEvent(Event, frozen=True):
    """An event of a reservation's stream."""

    category: ClassVar[str] = "reservation"
    reservation_id: ReservationId

    @property
    def key(self) -> str:
        return self.reservation_id


class ReservationCreated(ReservationStreamEvent, frozen=True):
    """Stock is held until `expires_at`. `held` is where, and events of the stock beside it say the
    same. `channel`: only an order of this channel can use it; None: of any. `sensitive`: a product
    in it is."""

    type: ClassVar[str] = "reservation.created.v1"
    reservation_id: ReservationId
    lines: tuple[ReservationLine, ...]
    held: tuple[HeldUnits, ...]
    expires_at: HarmlessTime
    reference: str | None = None
    channel: Harmless | None = None
    sensitive: bool = False


class ReservationExtended(ReservationStreamEvent, frozen=True):
    """It expires later than before."""

    type: ClassVar[str] = "reservation.extended.v1"
    reservation_id: ReservationId
    expires_at: HarmlessTime


class ReservationReleased(ReservationStreamEvent, frozen=True):
    """Its units are free again: it was given up, or `expired`."""

    type: ClassVar[str] = "reservation.released.v1"
    reservation_id: ReservationId
    expired: bool = False


class ReservationUsed(ReservationStreamEvent, frozen=True):
    """The order `order_id` was placed with it: units that the order wanted became the order's, the
    others are free again."""

    type: ClassVar[str] = "reservation.used.v1"
    reservation_id: ReservationId
    order_id: OrderId


ReservationEvent: TypeAlias = (
    ReservationCreated | ReservationExtended | ReservationReleased | ReservationUsed
)
RESERVATION_EVENTS: tuple[type[ReservationEvent], ...] = get_args(ReservationEvent)
