"""Events of a shipment's stream."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, TypeAlias, get_args

from oms_ledger.domain.personal import Personal
from oms_ledger.kernel import Event

ShipmentDate: TypeAlias = Literal["dispatched_at", "delivered_at"]
"""A date of a shipment that can be wrong and corrected."""


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    line_id: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Package:
    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None


class ShipmentStreamEvent(Event):
    """An event of a shipment's stream."""

    __slots__ = ()
    category: ClassVar[str] = "shipment"
    shipment_id: str

    @property
    def key(self) -> str:
        return self.shipment_id


@dataclass(frozen=True, slots=True)
class ShipmentCreated(ShipmentStreamEvent):
    """Carries what is known of its order then, so that shipments can be judged by themselves:
    who ordered when through which channel, what was promised, and whether it is sensitive.
    `overridden` are the holds (`hold:<id>`) and `unpaid` in spite of which it was made, `force` the
    reason."""

    type: ClassVar[str] = "shipment.created.v1"
    shipment_id: str
    order_id: str
    order_number: str
    channel: str
    location: str
    carrier: str
    service: str | None
    lines: tuple[ShipmentLine, ...]
    packages: tuple[Package, ...]
    tracking_token: str
    placed_at: datetime
    ship_by: datetime
    deliver_by: datetime
    recipient: Personal | None = None
    city: str | None = None
    country: str | None = None
    sensitive: bool = False
    force: str | None = None
    overridden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentLabelled(ShipmentStreamEvent):
    type: ClassVar[str] = "shipment.labelled.v1"
    shipment_id: str
    tracking_number: str | None


@dataclass(frozen=True, slots=True)
class ShipmentDispatched(ShipmentStreamEvent):
    """Handed to the carrier: the units leave the stock here. `dispatched_at` is None in events of
    before it was kept; then the time at which the event happened is meant. `force` and
    `overridden` as in `ShipmentCreated`."""

    type: ClassVar[str] = "shipment.dispatched.v1"
    shipment_id: str
    order_id: str
    tracking_number: str | None
    simulated: bool = False
    dispatched_at: datetime | None = None
    force: str | None = None
    overridden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentScanned(ShipmentStreamEvent):
    """A carrier's scan: our `code`, and the carrier's own words in `raw`. `place` is where it
    was scanned."""

    type: ClassVar[str] = "shipment.scanned.v1"
    shipment_id: str
    code: str
    scanned_at: datetime
    place: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class ShipmentDelivered(ShipmentStreamEvent):
    type: ClassVar[str] = "shipment.delivered.v1"
    shipment_id: str
    order_id: str
    delivered_at: datetime
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ShipmentDateCorrected(ShipmentStreamEvent):
    """A later fact says that `date` of the shipment is `corrected_to`, and no longer what was
    recorded before."""

    type: ClassVar[str] = "shipment.date_corrected.v1"
    shipment_id: str
    order_id: str
    date: ShipmentDate
    corrected_to: datetime


@dataclass(frozen=True, slots=True)
class ShipmentCancelled(ShipmentStreamEvent):
    type: ClassVar[str] = "shipment.cancelled.v1"
    shipment_id: str
    order_id: str


ShipmentEvent: TypeAlias = (
    ShipmentCreated
    | ShipmentLabelled
    | ShipmentDispatched
    | ShipmentScanned
    | ShipmentDelivered
    | ShipmentDateCorrected
    | ShipmentCancelled
)
SHIPMENT_EVENTS: tuple[type[ShipmentEvent], ...] = get_args(ShipmentEvent)
