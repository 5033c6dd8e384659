"""Events of the stock of one SKU at one location."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.catalogue.events import PreorderPromise
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.text_kinds import (
    Harmless,
    HarmlessTime,
    LinkText,
    OrderId,
    ReservationId,
    ShipmentId,
    Sku,
)
from oms_ledger.kernel import Event


class StockStreamEvent(Event):
    """An event of the stock of one SKU at one location."""

    __slots__ = ()
    category: ClassVar[str] = "stock"
    sku: Sku
    location: Harmless

    @property
    def key(self) -> str:
        return stock_key(self.sku, self.location)

    @property
    def stream(self) -> str:  # written out, since it is made for most events of an order
        return f"stock-{self.sku}@{self.location}"


@dataclass(frozen=True, slots=True)
class StockReceived(StockStreamEvent):
    """Goods arrived. `unit_cost` is in minor units of `currency`."""

    type: ClassVar[str] = "stock.received.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reference: str | None = None
    unit_cost: int | None = None
    currency: Harmless | None = None


@dataclass(frozen=True, slots=True)
class StockAdjusted(StockStreamEvent):
    """The count on the shelf was corrected by `change`, for a reason a person gave."""

    type: ClassVar[str] = "stock.adjusted.v1"
    sku: Sku
    location: Harmless
    change: int
    reason: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class StockReturned(StockStreamEvent):
    """Sold goods came back. `order_id` is None where no sale of this SKU to this customer was found
    that could have been the one (a blind return). Those that are not to be sold again are set aside
    or written off by the events after it."""

    type: ClassVar[str] = "stock.returned.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reference: str | None = None
    customer_id: Harmless | None = None
    order_id: OrderId | None = None


@dataclass(frozen=True, slots=True)
class StockAllocated(StockStreamEvent):
    type: ClassVar[str] = "stock.allocated.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText


@dataclass(frozen=True, slots=True)
class StockReleased(StockStreamEvent):
    """Allocated units are free again."""

    type: ClassVar[str] = "stock.released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText


@dataclass(frozen=True, slots=True)
class StockBackordered(StockStreamEvent):
    """Promised without being there. Booked at the location of first priority. With a `preorder`
    they were sold as that."""

    type: ClassVar[str] = "stock.backordered.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise | None = None


@dataclass(frozen=True, slots=True)
class BackorderReleased(StockStreamEvent):
    """Backordered units are wanted no longer, or have been allocated instead. With a `preorder`
    they were sold as that, and are wanted no longer."""

    type: ClassVar[str] = "stock.backorder_released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise | None = None


@dataclass(frozen=True, slots=True)
class PreorderRescheduled(StockStreamEvent):
    """Units that wait as a `preorder` are promised for another time from now on."""

    type: ClassVar[str] = "stock.preorder_rescheduled.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise


@dataclass(frozen=True, slots=True)
class StockHeld(StockStreamEvent):
    """Held for a reservation."""

    type: ClassVar[str] = "stock.held.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reservation_id: ReservationId


@dataclass(frozen=True, slots=True)
class StockHoldReleased(StockStreamEvent):
    """Held units are free again, or have been allocated to the order that used the reservation."""

    type: ClassVar[str] = "stock.hold_released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reservation_id: ReservationId


@dataclass(frozen=True, slots=True)
class StockShipped(StockStreamEvent):
    """Allocated units left the building."""

    type: ClassVar[str] = "stock.shipped.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId


@dataclass(frozen=True, slots=True)
class ShippedDateCorrected(StockStreamEvent):
    """These units left at another time than was recorded before. No counter changes."""

    type: ClassVar[str] = "stock.shipped_date_corrected.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId
    corrected_to: datetime


@dataclass(frozen=True, slots=True)
class StockMovedOut(StockStreamEvent):
    type: ClassVar[str] = "stock.moved_out.v1"
    sku: Sku
    location: Harmless
    quantity: int
    to_location: Harmless
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class StockMovedIn(StockStreamEvent):
    type: ClassVar[str] = "stock.moved_in.v1"
    sku: Sku
    location: Harmless
    quantity: int
    from_location: Harmless
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class StockStateChanged(StockStreamEvent):
    """Units on hand went from one state to another: available, damaged or quarantine. Only those
    that are available are sold. `lot_status` is that of their `lot` then."""

    type: ClassVar[str] = "stock.state_changed.v1"
    sku: Sku
    location: Harmless
    quantity: int
    from_state: Harmless
    to_state: Harmless
    reason: str
    reference: str | None = None
    lot: str | None = None
    lot_status: Harmless | None = None


@dataclass(frozen=True, slots=True)
class IncomingStockAdded(StockStreamEvent):
    """Units are expected here by `expected_at`: of the inbound delivery or transfer `source`."""

    type: ClassVar[str] = "stock.incoming_added.v1"
    sku: Sku
    location: Harmless
    quantity: int
    source: Harmless
    expected_at: HarmlessTime | None = None


@dataclass(frozen=True, slots=True)
class IncomingStockRemoved(StockStreamEvent):
    """Units of the inbound delivery or transfer `source` came, or are not expected any more."""

    type: ClassVar[str] = "stock.incoming_removed.v1"
    sku: Sku
    location: Harmless
    quantity: int
    source: Harmless


@dataclass(frozen=True, slots=True)
class LotChange:
    """`change` units of a lot more, or below 0 fewer. `status` and `expires_on` (YYYY-MM-DD) are
    those of the lot then."""

    lot: str
    change: int
    status: Harmless = "approved"
    expires_on: Harmless | None = None


@dataclass(frozen=True, slots=True)
class StockLotsChanged(StockStreamEvent):
    """The lots of the units that another event of the same command added or took away. `order_id`,
    `line_id` and `shipment_id` are of the units that were shipped."""

    type: ClassVar[str] = "stock.lots_changed.v1"
    sku: Sku
    location: Harmless
    lots: tuple[LotChange, ...]
    reference: str | None = None
    order_id: OrderId | None = None
    line_id: LinkText | None = None
    shipment_id: ShipmentId | None = None

    @property
    def quantity(self) -> int:
        return sum(lot.change for lot in self.lots)


@dataclass(frozen=True, slots=True)
class StockLotStatusChanged(StockStreamEvent):
    """A lot of which units are here has another `status` or `expires_on`. `quantity` are its units
    here that are neither damaged nor in quarantine. They are sold while the status is approved."""

    type: ClassVar[str] = "stock.lot_status_changed.v1"
    sku: Sku
    location: Harmless
    lot: str
    quantity: int
    status_before: Harmless
    status: Harmless
    expires_on: Harmless | None = None


StockEvent: TypeAlias = (
    StockReceived
    | StockAdjusted
    | StockReturned
    | StockAllocated
    | StockReleased
    | StockBackordered
    | BackorderReleased
    | PreorderRescheduled
    | StockHeld
    | StockHoldReleased
    | StockShipped
    | ShippedDateCorrected
    | StockMovedOut
    | StockMovedIn
    | StockStateChanged
    | IncomingStockAdded
    | IncomingStockRemoved
    | StockLotsChanged
    | StockLotStatusChanged
)


STOCK_EVENTS: tuple[type[StockEvent], ...] = get_args(StockEvent)
