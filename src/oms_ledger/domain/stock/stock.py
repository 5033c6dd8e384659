"""Stock of one SKU at one location: five counters, whoever holds what.

Who holds how much lives in the orders' lines; an order and the stock it takes are written in
one transaction, so the two cannot disagree and the counters stay O(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias, assert_never, get_args

from oms_ledger.kernel import Event, State


@dataclass(frozen=True, slots=True)
class StockReceived(Event):
    """Goods arrived. `unit_cost` is in minor units of `currency`."""

    type: ClassVar[str] = "stock.received.v1"
    sku: str
    location: str
    quantity: int
    reference: str | None = None
    unit_cost: int | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class StockAdjusted(Event):
    """The count on the shelf was corrected by `change`, for a reason a person gave."""

    type: ClassVar[str] = "stock.adjusted.v1"
    sku: str
    location: str
    change: int
    reason: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class StockReturned(Event):
    """Sold goods came back and can be sold again. `order_id` is None where no sale of this
    SKU to this customer was found that could have been the one (a blind return)."""

    type: ClassVar[str] = "stock.returned.v1"
    sku: str
    location: str
    quantity: int
    reference: str | None = None
    customer_id: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True)
class StockAllocated(Event):
    type: ClassVar[str] = "stock.allocated.v1"
    sku: str
    location: str
    quantity: int
    order_id: str
    line_id: str


@dataclass(frozen=True, slots=True)
class StockReleased(Event):
    """Allocated units are free again."""

    type: ClassVar[str] = "stock.released.v1"
    sku: str
    location: str
    quantity: int
    order_id: str
    line_id: str


@dataclass(frozen=True, slots=True)
class StockBackordered(Event):
    """Promised without being there. Booked at the location of first priority."""

    type: ClassVar[str] = "stock.backordered.v1"
    sku: str
    location: str
    quantity: int
    order_id: str
    line_id: str


@dataclass(frozen=True, slots=True)
class BackorderReleased(Event):
    """Backordered units are wanted no longer, or have been allocated instead."""

    type: ClassVar[str] = "stock.backorder_released.v1"
    sku: str
    location: str
    quantity: int
    order_id: str
    line_id: str


@dataclass(frozen=True, slots=True)
class StockShipped(Event):
    """Allocated units left the building."""

    type: ClassVar[str] = "stock.shipped.v1"
    sku: str
    location: str
    quantity: int
    order_id: str
    line_id: str
    shipment_id: str


@dataclass(frozen=True, slots=True)
class StockMovedOut(Event):
    type: ClassVar[str] = "stock.moved_out.v1"
    sku: str
    location: str
    quantity: int
    to_location: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class StockMovedIn(Event):
    type: ClassVar[str] = "stock.moved_in.v1"
    sku: str
    location: str
    quantity: int
    from_location: str
    reference: str | None = None


StockEvent: TypeAlias = (
    StockReceived
    | StockAdjusted
    | StockReturned
    | StockAllocated
    | StockReleased
    | StockBackordered
    | BackorderReleased
    | StockShipped
    | StockMovedOut
    | StockMovedIn
)


STOCK_EVENTS: tuple[type[StockEvent], ...] = get_args(StockEvent)


class Balances(Protocol):
    """The counters that stock events change: a `StockLevel`, or a read model's row."""

    on_hand: int
    allocated: int
    backordered: int


def book(balances: Balances, event: StockEvent) -> None:
    """What each stock event does to the counters; the only place that says so."""
    match event:
        case StockAllocated():
            balances.allocated += event.quantity
        case StockShipped():
            balances.on_hand -= event.quantity
            balances.allocated -= event.quantity
        case StockReleased():
            balances.allocated -= event.quantity
        case StockReceived() | StockReturned() | StockMovedIn():
            balances.on_hand += event.quantity
        case StockMovedOut():
            balances.on_hand -= event.quantity
        case StockAdjusted():
            balances.on_hand += event.change
        case StockBackordered():
            balances.backordered += event.quantity
        case BackorderReleased():
            balances.backordered -= event.quantity
        case _:
            assert_never(event)


@dataclass(slots=True)
class StockLevel(State):
    """Units. Invariant at every position: 0 <= allocated + held <= on_hand."""

    category: ClassVar[str] = "stock"
    version: int = 0
    on_hand: int = 0
    allocated: int = 0
    held: int = 0
    backordered: int = 0
    incoming: int = 0

    @property
    def free(self) -> int:
        """On hand and promised to nobody."""
        return self.on_hand - self.allocated - self.held

    def available(self, safety_stock: int) -> int:
        """What may be promised: free units beyond the safety stock, never below 0."""
        return max(0, self.free - safety_stock)

    def apply(self, event: Event) -> None:
        if not isinstance(event, STOCK_EVENTS):
            raise TypeError(f"{event.type} does not belong to stock")
        book(self, event)
