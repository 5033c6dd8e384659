"""The stock of one SKU at one location: five counters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, assert_never

from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
    BackorderReleased,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockHeld,
    StockHoldReleased,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
)
from oms_ledger.kernel import Event, State


class Balances(Protocol):
    """The counters that stock events change: a `StockLevel`, or a read model's row."""

    on_hand: int
    allocated: int
    held: int
    backordered: int


def book(balances: Balances, event: StockEvent) -> None:
    """What each stock event does to the counters; the only place that says so."""
    match event:
        case StockAllocated():
            balances.allocated += event.quantity
        case StockShipped():
            balances.on_hand -= event.quantity
            balances.allocated -= event.quantity
        case ShippedDateCorrected():
            pass
        case StockReleased():
            balances.allocated -= event.quantity
        case StockReceived() | StockReturned() | StockMovedIn():
            balances.on_hand += event.quantity
        case StockMovedOut():
            balances.on_hand -= event.quantity
        case StockAdjusted():
            balances.on_hand += event.change
        case StockHeld():
            balances.held += event.quantity
        case StockHoldReleased():
            balances.held -= event.quantity
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
    group_separator: ClassVar[str] = "@"
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
