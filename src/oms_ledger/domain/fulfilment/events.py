"""Events of a shipment's stream."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    HarmlessTime,
    LinkText,
    OrderId,
    SealedIn,
    ShipmentId,
    Sku,
)
from oms_ledger.domain.units import UnitOfMeasure
from oms_ledger.kernel import Event, Record

ShipmentDate: TypeAlias = Literal["dispatched_at", "delivered_at"]
"""A date of a shipment that can be wrong and corrected."""


class ShipmentLine(Record, frozen=True):
    """`quantity` is in steps of the `unit` of the order's line, where that has one."""

    line_id: LinkText
    sku: Sku
    quantity: int
    unit: UnitOfMeasure | None = None


class LineLot(Record, frozen=True):
    """Units of a line that are of a lot."""

    line_id: LinkText
    lot: str
    quantity: int


class Package(Record, frozen=True):
    """A parcel of a shipment. `lines` are its units, where they were recorded."""

    weight_g: int | None = None
    length_mm: int | None = None
    width_mm: int | None = None
    height_mm: int | None = None
    lines: tuple[LineQuantity, ...] = ()


class ShipmentStreamEvent(Event, frozen=True):
    """An event of a shipment's stream."""

    category: ClassVar[str] = "shipment"
    shipment_id: ShipmentId

    @property
    def key(self) -> str:
        return self.shipment_id


class ShipmentCreated(ShipmentStreamEvent, frozen=True):
    """Carries what is known of its order then, so that shipments can be judged by themselves:
    who ordered when through which channel, what was promised, and whether it is sensitive.
    `overridden` are the blocks in spite of which it was made: holds (`hold:<id>`), `unpaid`, and
    those of fulfilment orders, such as `not_picked`; `force` is the reason. `untracked`: its units
    are of no stock that the ledger keeps. `fulfilment_id` is the fulfilment order whose units it
    has, once work on that has begun; None: the first one of the location. `lots` are those that
    were named when its units were picked."""

    type: ClassVar[str] = "shipment.created.v1"
    shipment_id: ShipmentId
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    location: Harmless
    carrier: Harmless
    service: Harmless | None
    lines: tuple[ShipmentLine, ...]
    packages: tuple[Package, ...]
    tracking_token: Harmless
    placed_at: HarmlessTime
    ship_by: HarmlessTime
    deliver_by: HarmlessTime
    recipient: Annotated[Personal, SealedIn("name")] | None = None
    city: Harmless | None = None
    country: Harmless | None = None
    sensitive: bool = False
    force: str | None = None
    overridden: tuple[str, ...] = ()
    untracked: bool = False
    fulfilment_id: FulfilmentId | None = None
    lots: tuple[LineLot, ...] = ()


class ShipmentLabelled(ShipmentStreamEvent, frozen=True):
    type: ClassVar[str] = "shipment.labelled.v1"
    shipment_id: ShipmentId
    tracking_number: Harmless | None


class ShipmentDispatched(ShipmentStreamEvent, frozen=True):
    """Handed to the carrier: the units leave the stock here. `dispatched_at` is None in events of
    before it was kept; then the time at which the event happened is meant. `force` and
    `overridden` as in `ShipmentCreated`."""

    type: ClassVar[str] = "shipment.dispatched.v1"
    shipment_id: ShipmentId
    order_id: OrderId
    tracking_number: Harmless | None
    simulated: bool = False
    dispatched_at: HarmlessTime | None = None
    force: str | None = None
    overridden: tuple[str, ...] = ()


class ShipmentScanned(ShipmentStreamEvent, frozen=True):
    """A carrier's scan: our `code`, and the carrier's own words in `raw`. `place` is where it
    was scanned."""

    type: ClassVar[str] = "shipment.scanned.v1"
    shipment_id: ShipmentId
    code: Harmless
    scanned_at: HarmlessTime
    place: Harmless | None = None
    raw: str | None = None


class ShipmentDelivered(ShipmentStreamEvent, frozen=True):
    type: ClassVar[str] = "shipment.delivered.v1"
    shipment_id: ShipmentId
    order_id: OrderId
    delivered_at: HarmlessTime
    simulated: bool = False


class ShipmentDateCorrected(ShipmentStreamEvent, frozen=True):
    """A later fact says that `date` of the shipment is `corrected_to`, and no longer what was
    recorded before."""

    type: ClassVar[str] = "shipment.date_corrected.v1"
    shipment_id: ShipmentId
    order_id: OrderId
    date: ShipmentDate
    corrected_to: datetime


class ShipmentCancelled(ShipmentStreamEvent, frozen=True):
    type: ClassVar[str] = "shipment.cancelled.v1"
    shipment_id: ShipmentId
    order_id: OrderId


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
