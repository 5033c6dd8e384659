"""The stock of one SKU at one location: counters, and the lots that its units are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Protocol, assert_never

from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
    BackorderReleased,
    IncomingStockAdded,
    IncomingStockRemoved,
    PreorderRescheduled,
    ShippedDateCorrected,
    StockAdjusted,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockHeld,
    StockHoldReleased,
    StockLotsChanged,
    StockLotStatusChanged,
    StockMovedIn,
    StockMovedOut,
    StockReceived,
    StockReleased,
    StockReturned,
    StockShipped,
    StockStateChanged,
)
from oms_ledger.domain.stock.lots import (
    APPROVED,
    LotBalance,
    UnitsByState,
    book_lot_status,
    book_lots,
    book_state,
    units_without_lot,
)
from oms_ledger.kernel import Event, State


class Balances(Protocol):
    """The counters that stock events change: a `StockLevel`, or a read model's row."""

    on_hand: int
    allocated: int
    held: int
    backordered: int
    incoming: int
    damaged: int
    quarantine: int
    blocked: int


def book(balances: Balances, event: StockEvent) -> None:
    """What each stock event does to the counters; the only place that says so."""
    match event:
        case StockAllocated():
            balances.allocated += event.quantity
        case StockShipped():
            balances.on_hand -= event.quantity
            balances.allocated -= event.quantity
        case ShippedDateCorrected() | PreorderRescheduled():
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
        case IncomingStockAdded():
            balances.incoming += event.quantity
        case IncomingStockRemoved():
            balances.incoming -= event.quantity
        case StockStateChanged():
            book_state(balances, event)
            balances.blocked += _newly_blocked(event)
        case StockLotsChanged() | StockLotStatusChanged():
            balances.blocked += _newly_blocked(event)
        case _:
            assert_never(event)


def _newly_blocked(event: StockStateChanged | StockLotsChanged | StockLotStatusChanged) -> int:
    """Units that are blocked by the status of their lot from now on; below 0, no longer. Those that
    are damaged or in quarantine are not counted among them."""
    if isinstance(event, StockStateChanged):
        if event.lot_status in (None, APPROVED):
            return 0
        return event.quantity * (
            (event.to_state == "available") - (event.from_state == "available")
        )
    if isinstance(event, StockLotsChanged):
        return sum(lot.change for lot in event.lots if lot.status != APPROVED)
    before, after = event.status_before != APPROVED, event.status != APPROVED
    return event.quantity * (after - before)


@dataclass(slots=True)
class StockLevel(UnitsByState, State):
    """Units. `damaged`, in `quarantine` and `blocked` (of a lot that is not approved, and neither
    damaged nor in quarantine) are on hand and not sold. `incoming` are expected, and not on hand.
    `lots` has those with units on hand. `preordered` units were sold here under `preorder_id`, the
    newest one, and not given up since, whether or not they have got stock. Invariant at every
    position: 0 <= allocated + held <= on_hand - damaged - quarantine. Only the status of a lot can
    take units from orders that have them, which makes `free` negative until these orders get
    others."""

    category: ClassVar[str] = "stock"
    group_separator: ClassVar[str] = "@"
    version: int = 0
    on_hand: int = 0
    allocated: int = 0
    held: int = 0
    backordered: int = 0
    incoming: int = 0
    damaged: int = 0
    quarantine: int = 0
    blocked: int = 0
    lots: dict[str, LotBalance] = field(default_factory=dict)
    preorder_id: str | None = None
    preordered: int = 0

    @property
    def sellable(self) -> int:
        """On hand, and neither damaged nor in quarantine nor of a lot that is not approved."""
        return self.on_hand - self.unsellable - self.blocked

    def without_lot(self, state: str = "available") -> int:
        """Units in a state that are of no lot."""
        return units_without_lot(self.units_in(state), state, self.lots.values())

    @property
    def free(self) -> int:
        """Sellable and promised to nobody. Negative: what is promised and can not be sent."""
        return self.sellable - self.allocated - self.held

    def available(self, safety_stock: int) -> int:
        """What may be promised: free units beyond the safety stock, never below 0."""
        return max(0, self.free - safety_stock)

    def apply(self, event: Event) -> None:
        if not isinstance(event, STOCK_EVENTS):
            raise TypeError(f"{event.type} does not belong to stock")
        book(self, event)
        match event:
            case StockLotsChanged():
                book_lots(self.lots, event)
            case StockLotStatusChanged():
                book_lot_status(self.lots, event)
            case StockStateChanged(lot=str() as lot):
                book_state(self.lots[lot], event)
            case StockBackordered() | BackorderReleased() if event.preorder is not None:
                self._count_preordered(event, event.preorder.preorder_id)

    def _count_preordered(
        self, event: StockBackordered | BackorderReleased, preorder_id: str
    ) -> None:
        if isinstance(event, BackorderReleased):
            self.preordered -= event.quantity if preorder_id == self.preorder_id else 0
        elif preorder_id == self.preorder_id:
            self.preordered += event.quantity
        else:
            self.preorder_id, self.preordered = preorder_id, event.quantity
