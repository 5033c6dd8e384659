"""The stock that orders claim by their own events: units allocated or packed, and backordered."""

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
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Event, stream_id


class StockClaims:
    """Running totals by stock stream. `touched` are the streams whose totals changed; the caller
    clears it."""

    def __init__(self) -> None:
        self.touched: set[str] = set()
        self._held: dict[str, int] = {}
        self._owed: dict[str, int] = {}
        self._packed_at: dict[str, str] = {}

    def apply(self, order: Order, event: Event) -> None:
        """Add the claims of an event that is already applied to its `order`."""
        match event:
            case OrderPlaced() | OrderResumed():
                self._hold(event.allocations, 1)
                self._owe(event.backorders, 1)
            case OrderCancelled():
                self._hold(event.released, -1)
                self._owe(event.backorders_released, -1)
            case OrderEdited() | BackordersAllocated():
                self._hold(event.allocations, 1)
                self._owe(event.backorders, 1)
                self._hold(event.released, -1)
                self._owe(event.backorders_released, -1)
            case UnitsPacked():  # still held, now for a shipment
                self._packed_at[event.shipment_id] = event.location
            case UnitsUnpacked():
                self._packed_at.pop(event.shipment_id, None)
            case UnitsShipped():
                self._ship(order, event)

    def _ship(self, order: Order, event: UnitsShipped) -> None:
        location = self._packed_at.pop(event.shipment_id, None)
        if location is None:  # never packed, which is a finding of its line
            return
        for line in event.lines:
            sku = order.lines[line.line_id].line.sku
            self._add(self._held, sku, location, -line.quantity)

    def _hold(self, allocations: Iterable[Allocation], sign: int) -> None:
        for a in allocations:
            self._add(self._held, a.sku, a.location, sign * a.quantity)

    def _owe(self, backorders: Iterable[Backorder], sign: int) -> None:
        for b in backorders:
            self._add(self._owed, b.sku, b.location, sign * b.quantity)

    def _add(self, totals: dict[str, int], sku: str, location: str, units: int) -> None:
        stream = stream_id(StockLevel, stock_key(sku, location))
        totals[stream] = totals.get(stream, 0) + units
        self.touched.add(stream)

    def agree(self, stream: str, level: StockLevel) -> bool:
        """Whether the counters of `level` are the totals of this stream."""
        return level.allocated == self._held.get(stream, 0) and level.backordered == (
            self._owed.get(stream, 0)
        )

    def difference(self, stream: str, level: StockLevel, position: int) -> Finding:
        """The finding for a `level` that does not agree, at the command's last `position`."""
        held, owed = self._held.get(stream, 0), self._owed.get(stream, 0)
        return Finding(
            "stock_differs_from_orders",
            f"after event {position} the counters of {stream} are not what the orders' lines hold",
            position,
            position,
            stream,
            f"by the orders' lines {held} allocated or packed and {owed} backordered",
            f"by the counters {level.allocated} allocated and {level.backordered} backordered",
        )

    def adopt(self, stream: str, level: StockLevel) -> None:
        """Set the totals to the counters of `level`, so that one fault is one finding."""
        self._held[stream] = level.allocated
        self._owed[stream] = level.backordered
