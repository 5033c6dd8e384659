"""Events of the stock of one SKU at one location."""

from __future__ import annotations

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
from oms_ledger.kernel import Event, Record


class StockStreamEvent(Event, frozen=True):
    """An event of the stock of one SKU at one location."""

    category: ClassVar[str] = "stock"
    sku: Sku
    location: Harmless

    @property
    def key(self) -> str:
        return stock_key(self.sku, self.location)

    @property
    def stream(self) -> str:  # written out, since it is made for most events of an order
        return f"stock-{self.sku}@{self.location}"


class StockReceived(StockStreamEvent, frozen=True):
    """Goods arrived. `unit_cost` is in minor units of `currency`."""

    type: ClassVar[str] = "stock.received.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reference: str | None = None
    unit_cost: int | None = None
    currency: Harmless | None = None


class StockAdjusted(StockStreamEvent, frozen=True):
    """The count on the shelf was corrected by `change`, for a reason a person gave."""

    type: ClassVar[str] = "stock.adjusted.v1"
    sku: Sku
    location: Harmless
    change: int
    reason: str
    reference: str | None = None


class StockReturned(StockStreamEvent, frozen=True):
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


class StockAllocated(StockStreamEvent, frozen=True):
    type: ClassVar[str] = "stock.allocated.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText


class StockReleased(StockStreamEvent, frozen=True):
    """Allocated units are free again."""

    type: ClassVar[str] = "stock.released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText


class StockBackordered(StockStreamEvent, frozen=True):
    """Promised without being there. Booked at the location of first priority. With a `preorder`
    they were sold as that."""

    type: ClassVar[str] = "stock.backordered.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise | None = None


class BackorderReleased(StockStreamEvent, frozen=True):
    """Backordered units are wanted no longer, or have been allocated instead. With a `preorder`
    they were sold as that, and are wanted no longer."""

    type: ClassVar[str] = "stock.backorder_released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise | None = None


class PreorderRescheduled(StockStreamEvent, frozen=True):
    """Units that wait as a `preorder` are promised for another time from now on."""

    type: ClassVar[str] = "stock.preorder_rescheduled.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    preorder: PreorderPromise


class StockHeld(StockStreamEvent, frozen=True):
    """Held for a reservation."""

    type: ClassVar[str] = "stock.held.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reservation_id: ReservationId


class StockHoldReleased(StockStreamEvent, frozen=True):
    """Held units are free again, or have been allocated to the order that used the reservation."""

    type: ClassVar[str] = "stock.hold_released.v1"
    sku: Sku
    location: Harmless
    quantity: int
    reservation_id: ReservationId


class StockShipped(StockStreamEvent, frozen=True):
    """Allocated units left the building."""

    type: ClassVar[str] = "stock.shipped.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId


class ShippedDateCorrected(StockStreamEvent, frozen=True):
    """These units left at another time than was recorded before. No counter changes."""

    type: ClassVar[str] = "stock.shipped_date_corrected.v1"
    sku: Sku
    location: Harmless
    quantity: int
    order_id: OrderId
    line_id: LinkText
    shipment_id: ShipmentId
    corrected_to: datetime


class StockMovedOut(StockStreamEvent, frozen=True):
    type: ClassVar[str] = "stock.moved_out.v1"
    sku: Sku
    location: Harmless
    quantity: int
    to_location: Harmless
    reference: str | None = None


class StockMovedIn(StockStreamEvent, frozen=True):
    type: ClassVar[str] = "stock.moved_in.v1"
    sku: Sku
    location: Harmless
    quantity: int
    from_location: Harmless
    reference: str | None = None


class StockStateChanged(StockStreamEvent, frozen=True):
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


class IncomingStockAdded(StockStreamEvent, frozen=True):
    """Units are expected here by `expected_at`: of the inbound delivery or transfer `source`."""

    type: ClassVar[str] = "stock.incoming_added.v1"
    sku: Sku
    location: Harmless
    quantity: int
    source: Harmless
    expected_at: HarmlessTime | None = None


class IncomingStockRemoved(StockStreamEvent, frozen=True):
    """Units of the inbound delivery or transfer `source` came, or are not expected any more."""

    type: ClassVar[str] = "stock.incoming_removed.v1"
    sku: Sku
    location: Harmless
    quantity: int
    source: Harmless


class LotChange(Record, frozen=True):
    """`change` units of a lot more, or below 0 fewer. `status` and `expires_on` (YYYY-MM-DD) are
    those of the lot then."""

    lot: str
    change: int
    status: Harmless = "approved"
    expires_on: Harmless | None = None


class StockLotsChanged(StockStreamEvent, frozen=True):
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


class StockLotStatusChanged(StockStreamEvent, frozen=True):
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
