"""How far each unit of an order's lines has come, folded from the events that move units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    CreditGranted,
    OrderCancelled,
    OrderPlaced,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, OrderLine


@dataclass(slots=True)
class LineProgress:
    """Units of one line by stage. For a stocked line always:
    ordered = allocated + packed + backordered + shipped + cancelled, and
    delivered, returned and credited are parts of shipped. The price of `credited` units was
    granted back."""

    line: OrderLine
    allocated_at: dict[str, int] = field(default_factory=dict)
    backordered_at: dict[str, int] = field(default_factory=dict)
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0
    credited: int = 0

    @property
    def allocated(self) -> int:
        return sum(self.allocated_at.values()) if self.allocated_at else 0

    @property
    def backordered(self) -> int:
        return sum(self.backordered_at.values()) if self.backordered_at else 0

    @property
    def open(self) -> int:
        """Units that are neither shipped nor cancelled."""
        return self.line.quantity - self.shipped - self.cancelled

    @property
    def amount_back(self) -> int:
        """Minor units: the part of the line's amount that is cancelled or granted back. Taken of
        both together, so that no sequence of parts loses or gains a minor unit."""
        back = self.cancelled + self.credited
        return self.line.amount_of(back) if back else 0

    def price_of_more(self, units: int) -> int:
        """What so many more units are worth when they are granted back; minor units."""
        back = self.cancelled + self.credited
        return self.line.amount_of(back + units) - self.line.amount_of(back)

    def tax_of_more(self, units: int) -> int:
        """The tax in `price_of_more`."""
        back = self.cancelled + self.credited
        return self.line.tax_of(back + units) - self.line.tax_of(back)


Lines: TypeAlias = dict[str, LineProgress]
"""By `line_id`, in the order in which they were agreed."""

LineEvent: TypeAlias = (
    OrderPlaced
    | OrderCancelled
    | BackordersAllocated
    | UnitsPacked
    | UnitsUnpacked
    | UnitsShipped
    | UnitsDelivered
    | UnitsReturned
    | CreditGranted
)


def apply_to_lines(lines: Lines, event: LineEvent) -> None:
    """Move the event's units from stage to stage."""
    match event:
        case OrderPlaced():
            for agreed in event.terms.lines:
                lines[agreed.line_id] = LineProgress(agreed)
            _allocate(lines, event.allocations)
            for b in event.backorders:
                _add(lines[b.line_id].backordered_at, b.location, b.quantity)
        case OrderCancelled():
            for line in event.lines:
                lines[line.line_id].cancelled += line.quantity
            for a in event.released:
                _add(lines[a.line_id].allocated_at, a.location, -a.quantity)
            _release_backorders(lines, event.backorders_released)
        case BackordersAllocated():
            _allocate(lines, event.allocations)
            _release_backorders(lines, event.backorders_released)
        case UnitsPacked():
            _pack(lines, event, 1)
        case UnitsUnpacked():
            _pack(lines, event, -1)
        case UnitsShipped():
            for line in event.lines:
                lines[line.line_id].packed -= line.quantity
                lines[line.line_id].shipped += line.quantity
        case UnitsDelivered():
            for line in event.lines:
                lines[line.line_id].delivered += line.quantity
        case UnitsReturned():
            for line in event.lines:
                lines[line.line_id].returned += line.quantity
        case CreditGranted():
            for line in event.lines:
                lines[line.line_id].credited += line.quantity
        case _:
            assert_never(event)


def _pack(lines: Lines, event: UnitsPacked | UnitsUnpacked, sign: int) -> None:
    for line in event.lines:
        progress = lines[line.line_id]
        progress.packed += sign * line.quantity
        _add(progress.allocated_at, event.location, -sign * line.quantity)


def _allocate(lines: Lines, allocations: Iterable[Allocation]) -> None:
    for a in allocations:
        _add(lines[a.line_id].allocated_at, a.location, a.quantity)


def _release_backorders(lines: Lines, backorders: Iterable[Backorder]) -> None:
    for b in backorders:
        _add(lines[b.line_id].backordered_at, b.location, -b.quantity)


def _add(at: dict[str, int], location: str, quantity: int) -> None:
    """Add to a counter per location, and drop it when it is back at 0."""
    total = at.get(location, 0) + quantity
    if total:
        at[location] = total
    else:
        del at[location]
