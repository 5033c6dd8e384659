"""Events of a fulfilment order's stream.

A fulfilment order is there without any event, as soon as a confirmed order has units allocated at a
location. Its stream begins with the first command about it.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.fulfilment.events import LineLot
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.text_kinds import (
    FulfilmentId,
    Harmless,
    HarmlessTime,
    LinkText,
    OrderId,
    ShipmentId,
    Sku,
)
from oms_ledger.kernel import Event, Record


class FulfilmentStreamEvent(Event, frozen=True):
    """An event of a fulfilment order's stream."""

    category: ClassVar[str] = "fulfilment"
    fulfilment_id: FulfilmentId

    @property
    def key(self) -> str:
        return self.fulfilment_id


class PickedLine(Record, frozen=True):
    """Units taken from the shelf; `lot` is the batch that they are of, where it was named."""

    line_id: LinkText
    sku: Sku
    quantity: int
    lot: str | None = None


class FulfilmentOpened(FulfilmentStreamEvent, frozen=True):
    """The first event of every stream: what was known of the order then. A part that was split off
    has its own units in `lines`; the first fulfilment order of a location has none of its own, but
    all units that are allocated there and belong to no other part."""

    type: ClassVar[str] = "fulfilment.opened.v1"
    fulfilment_id: FulfilmentId
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    location: Harmless
    placed_at: HarmlessTime
    ship_by: HarmlessTime
    sensitive: bool = False
    lines: tuple[LineQuantity, ...] = ()


class FulfilmentAccepted(FulfilmentStreamEvent, frozen=True):
    """The location takes the work on."""

    type: ClassVar[str] = "fulfilment.accepted.v1"
    fulfilment_id: FulfilmentId


class FulfilmentRejected(FulfilmentStreamEvent, frozen=True):
    """The location does not do the work. `lines` are the units that another location got instead;
    what no other location has stays, until it is moved or cancelled."""

    type: ClassVar[str] = "fulfilment.rejected.v1"
    fulfilment_id: FulfilmentId
    reason: str
    lines: tuple[LineQuantity, ...] = ()


class FulfilmentMoved(FulfilmentStreamEvent, frozen=True):
    """All units that were not packed are allocated at `to_location` now."""

    type: ClassVar[str] = "fulfilment.moved.v1"
    fulfilment_id: FulfilmentId
    to_location: Harmless
    lines: tuple[LineQuantity, ...]


class FulfilmentSplit(FulfilmentStreamEvent, frozen=True):
    """`lines` belong to the fulfilment order `into` from now on."""

    type: ClassVar[str] = "fulfilment.split.v1"
    fulfilment_id: FulfilmentId
    into: FulfilmentId
    lines: tuple[LineQuantity, ...]


class FulfilmentMerged(FulfilmentStreamEvent, frozen=True):
    """`lines` of the fulfilment order `merged` belong to this one from now on; of these `picked`
    were picked already. `lots` are the lots of these, where they were named."""

    type: ClassVar[str] = "fulfilment.merged.v1"
    fulfilment_id: FulfilmentId
    merged: FulfilmentId
    lines: tuple[LineQuantity, ...]
    picked: tuple[LineQuantity, ...] = ()
    lots: tuple[LineLot, ...] = ()


class FulfilmentAbsorbed(FulfilmentStreamEvent, frozen=True):
    """`lines`, all units that were not packed, belong to the fulfilment order `into` from now on;
    of these `picked` were picked already. `lots` as in `FulfilmentMerged`."""

    type: ClassVar[str] = "fulfilment.absorbed.v1"
    fulfilment_id: FulfilmentId
    into: FulfilmentId
    lines: tuple[LineQuantity, ...]
    picked: tuple[LineQuantity, ...] = ()
    lots: tuple[LineLot, ...] = ()


class FulfilmentHeld(FulfilmentStreamEvent, frozen=True):
    type: ClassVar[str] = "fulfilment.held.v1"
    fulfilment_id: FulfilmentId
    reason: str
    note: str | None = None


class FulfilmentHoldReleased(FulfilmentStreamEvent, frozen=True):
    type: ClassVar[str] = "fulfilment.hold_released.v1"
    fulfilment_id: FulfilmentId


class FulfilmentScheduled(FulfilmentStreamEvent, frozen=True):
    """The work is not to begin before `not_before`."""

    type: ClassVar[str] = "fulfilment.scheduled.v1"
    fulfilment_id: FulfilmentId
    not_before: HarmlessTime


class FulfilmentDue(FulfilmentStreamEvent, frozen=True):
    """The time before which the work was not to begin has come."""

    type: ClassVar[str] = "fulfilment.due.v1"
    fulfilment_id: FulfilmentId


class FulfilmentPicked(FulfilmentStreamEvent, frozen=True):
    """Units were taken from the shelf. `short` are those that were not there; the order gets other
    stock for them, or waits."""

    type: ClassVar[str] = "fulfilment.picked.v1"
    fulfilment_id: FulfilmentId
    lines: tuple[PickedLine, ...]
    short: tuple[LineQuantity, ...] = ()


class FulfilmentPutBack(FulfilmentStreamEvent, frozen=True):
    """Picked units that the order does not want any more, to be put back on the shelf. `lots` are
    their lots, where these were named."""

    type: ClassVar[str] = "fulfilment.put_back.v1"
    fulfilment_id: FulfilmentId
    lines: tuple[LineQuantity, ...]
    lots: tuple[LineLot, ...] = ()


class FulfilmentReadyForPickup(FulfilmentStreamEvent, frozen=True):
    """The goods of the shipment wait at the location for the buyer."""

    type: ClassVar[str] = "fulfilment.ready_for_pickup.v1"
    fulfilment_id: FulfilmentId
    shipment_id: ShipmentId


class FulfilmentPickedUp(FulfilmentStreamEvent, frozen=True):
    """The buyer has taken the goods of the shipment."""

    type: ClassVar[str] = "fulfilment.picked_up.v1"
    fulfilment_id: FulfilmentId
    shipment_id: ShipmentId


class FulfilmentOverdue(FulfilmentStreamEvent, frozen=True):
    """`ship_by` has passed, and units were left to ship."""

    type: ClassVar[str] = "fulfilment.overdue.v1"
    fulfilment_id: FulfilmentId
    ship_by: HarmlessTime
    units: int


FulfilmentEvent: TypeAlias = (
    FulfilmentOpened
    | FulfilmentAccepted
    | FulfilmentRejected
    | FulfilmentMoved
    | FulfilmentSplit
    | FulfilmentMerged
    | FulfilmentAbsorbed
    | FulfilmentHeld
    | FulfilmentHoldReleased
    | FulfilmentScheduled
    | FulfilmentDue
    | FulfilmentPicked
    | FulfilmentPutBack
    | FulfilmentReadyForPickup
    | FulfilmentPickedUp
    | FulfilmentOverdue
)
FULFILMENT_EVENTS: tuple[type[FulfilmentEvent], ...] = get_args(FulfilmentEvent)
