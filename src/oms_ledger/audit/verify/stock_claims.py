"""The stock that orders and reservations claim by their own events: units allocated or packed,
backordered, and held."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.audit.verify.findings import Finding
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
    UnitsPacked,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.reservations.events import ReservationCreated, ReservationExtended
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.stock.rules import kits_of, units_taken
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Event, stream_id


class StockClaims:
    """Running totals by stock stream. `touched` are the streams whose totals changed; the caller
    clears it."""

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._allocated: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._owed: dict[str, int] = {}
        self._packed_at: dict[str, str] = {}

    def apply(self, order: Order, event: Event) -> None:
        """Add the claims of an event that is already applied to its `order`."""
        match event:
            case OrderPlaced() | OrderResumed():
                self._count(self._allocated, order, event.allocations, 1)
                self._count(self._owed, order, event.backorders, 1)
            case OrderCancelled():
                self._count(self._allocated, order, event.released, -1)
                self._count(self._owed, order, event.backorders_released, -1)
            case OrderEdited() | BackordersAllocated():
                self._count(self._allocated, order, event.allocations, 1)
                self._count(self._owed, order, event.backorders, 1)
                self._count(self._allocated, order, event.released, -1)
                self._count(self._owed, order, event.backorders_released, -1)
            case UnitsPacked(untracked=False):  # still held, now for a shipment
                self._packed_at[event.shipment_id] = event.location
            case UnitsUnpacked():
                self._packed_at.pop(event.shipment_id, None)
            case UnitsShipped():
                self._ship(order, event)

    def _ship(self, order: Order, event: UnitsShipped) -> None:
        location = self._packed_at.pop(event.shipment_id, None)
        if location is None:  # untracked; or never packed, which is a finding of its line
            return
        shipped = [
            Allocation(line.line_id, order.lines[line.line_id].line.sku, location, line.quantity)
            for line in event.lines
        ]
        self._count(self._allocated, order, shipped, -1)

    def _count(
        self,
        totals: dict[str, int],
        order: Order,
        items: Iterable[Allocation | Backorder],
        sign: int,
    ) -> None:
        kits = kits_of(progress.line for progress in order.lines.values())
        for _, sku, location, units in units_taken(items, kits):
            stream = stream_id(StockLevel, stock_key(sku, location))
            totals[stream] = totals.get(stream, 0) + sign * units
            self.touched.add(stream)

    def reserve(self, reservation: Reservation, event: Event) -> None:
        """Add the claims of an event that is already applied to its `reservation`."""
        sign = 1 if isinstance(event, ReservationCreated) else -1
        if reservation.created is None or isinstance(event, ReservationExtended):
            return
        for each in reservation.created.held:
            stream = stream_id(StockLevel, stock_key(each.sku, each.location))
            self._held[stream] = self._held.get(stream, 0) + sign * each.quantity
            self.touched.add(stream)

    def agree(self, stream: str, level: StockLevel) -> bool:
        """Whether the counters of `level` are the totals of this stream."""
        totals = (self._allocated, self._held, self._owed)
        claimed = tuple(each.get(stream, 0) for each in totals)
        return claimed == (level.allocated, level.held, level.backordered)

    def difference(self, stream: str, level: StockLevel, position: int) -> Finding:
        """The finding for a `level` that does not agree, at the command's last `position`."""
        allocated, owed = self._allocated.get(stream, 0), self._owed.get(stream, 0)
        held = self._held.get(stream, 0)
        of_lines = f"by the orders' lines {allocated} allocated or packed and {owed} backordered"
        counted = f"by the counters {level.allocated} allocated and {level.backordered} backordered"
        if held or level.held:
            of_lines += f", by the reservations {held} held"
            counted += f", {level.held} held"
        return Finding(
            "stock_differs_from_orders",
            f"after event {position} the counters of {stream} are not what the orders' lines hold",
            position,
            position,
            stream,
            of_lines,
            counted,
        )

    def adopt(self, stream: str, level: StockLevel) -> None:
        """Set the totals to the counters of `level`, so that one fault is one finding."""
        self._allocated[stream] = level.allocated
        self._held[stream] = level.held
        self._owed[stream] = level.backordered
