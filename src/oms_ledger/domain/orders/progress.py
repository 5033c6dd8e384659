"""How far each unit of an order's lines has come, folded from the events that move units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from oms_ledger.domain.catalogue.events import PreorderPromise
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    CreditGranted,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
    OrderResumed,
    UnitsDelivered,
    UnitsPacked,
    UnitsReturned,
    UnitsShipped,
    UnitsUnpacked,
)
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineEdit, LineQuantity, OrderLine


@dataclass(slots=True)
class LineProgress:
    """Units of one line by stage. For a stocked line of an order that was placed, always:
    ordered = allocated + packed + backordered + untracked + shipped + cancelled, and
    delivered, returned and credited are parts of shipped. `untracked` units are open, and no stock
    is promised to them: an import left them out of it. `preordered_at` has those of the
    backordered units that were sold as a preorder, with the promise `preorder`. The price of
    `credited` units was granted back. `basis` is the line whose amounts were agreed last, where the
    quantity has been edited since: every part of an amount is taken of it, so that no sequence of
    edits, cancellations and credits loses or gains a minor unit."""

    line: OrderLine
    allocated_at: dict[str, int] = field(default_factory=dict)
    backordered_at: dict[str, int] = field(default_factory=dict)
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    cancelled: int = 0
    returned: int = 0
    credited: int = 0
    basis: OrderLine | None = None
    untracked: int = 0
    preorder: PreorderPromise | None = None
    preordered_at: dict[str, int] = field(default_factory=dict)

    @property
    def allocated(self) -> int:
        return sum(self.allocated_at.values()) if self.allocated_at else 0

    @property
    def backordered(self) -> int:
        return sum(self.backordered_at.values()) if self.backordered_at else 0

    @property
    def preordered(self) -> int:
        """Of the backordered units, those that were sold as a preorder."""
        return sum(self.preordered_at.values()) if self.preordered_at else 0

    @property
    def open(self) -> int:
        """Units that are neither shipped nor cancelled."""
        return self.line.quantity - self.shipped - self.cancelled

    @property
    def removable(self) -> int:
        """Units that can be taken away: neither packed, shipped, cancelled nor granted back."""
        credited = 0 if self.line.stocked else self.credited  # of goods only shipped units are
        return self.open - self.packed - credited

    @property
    def priced(self) -> OrderLine:
        """The line whose amounts were agreed."""
        return self.basis or self.line

    @property
    def cancelled_amount(self) -> int:
        """Minor units: the part of the line's amount that is cancelled."""
        return self.priced.amount_of(self.cancelled)

    @property
    def amount_back(self) -> int:
        """Minor units: the part of the line's amount that is cancelled or granted back. Taken of
        both together, so that no sequence of parts loses or gains a minor unit."""
        back = self.cancelled + self.credited
        return self.priced.amount_of(back) if back else 0

    def price_of_more(self, units: int) -> int:
        """What so many more units are worth when they are granted back; minor units."""
        back = self.cancelled + self.credited
        return self.priced.amount_of(back + units) - self.priced.amount_of(back)

    def tax_of_more(self, units: int) -> int:
        """The tax in `price_of_more`."""
        back = self.cancelled + self.credited
        return self.priced.tax_of(back + units) - self.priced.tax_of(back)


Lines: TypeAlias = dict[str, LineProgress]
"""By `line_id`, in the order in which they were agreed."""

LineEvent: TypeAlias = (
    OrderPlaced
    | OrderReceived
    | OrderRejected
    | OrderCancelled
    | OrderResumed
    | OrderEdited
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
            _backorder(lines, event.backorders)
            for each in event.untracked:
                lines[each.line_id].untracked += each.quantity
        case OrderReceived():
            for agreed in event.terms.lines:
                lines[agreed.line_id] = LineProgress(agreed)
        case OrderRejected():
            for line in event.lines:
                lines[line.line_id].cancelled += line.quantity
        case OrderCancelled():
            for line in event.lines:
                lines[line.line_id].cancelled += line.quantity
            _release(lines, event.released)
            _release_backorders(lines, event.backorders_released)
            _release_untracked(lines, event.untracked_released)
        case OrderResumed():
            for line in event.lines:
                lines[line.line_id].cancelled -= line.quantity
            _allocate(lines, event.allocations)
            _backorder(lines, event.backorders)
        case OrderEdited():
            _edit(lines, event)
        case BackordersAllocated():
            _release(lines, event.released)
            _release_backorders(lines, event.backorders_released)
            _allocate(lines, event.allocations)
            _backorder(lines, event.backorders)
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
        if event.untracked:
            progress.untracked -= sign * line.quantity
        else:
            _add(progress.allocated_at, event.location, -sign * line.quantity)


def _edit(lines: Lines, event: OrderEdited) -> None:
    for each in event.changed:
        lines[each.line.line_id] = edited_line(lines[each.line.line_id], each)
    for line in event.added:
        lines[line.line_id] = LineProgress(line)
    for waiting in event.rescheduled:
        lines[waiting.line_id].preorder = waiting.preorder
    _release(lines, event.released)
    _release_backorders(lines, event.backorders_released)
    _release_untracked(lines, event.untracked_released)
    _allocate(lines, event.allocations)
    _backorder(lines, event.backorders)


def edited_line(progress: LineProgress, edit: LineEdit) -> LineProgress:
    """A copy of the line's progress with the line as it is after an edit."""
    basis = progress.priced
    return replace(
        progress,
        line=edit.line,
        basis=None if edit.repriced or basis == edit.line else basis,
        allocated_at=dict(progress.allocated_at),
        backordered_at=dict(progress.backordered_at),
        preordered_at=dict(progress.preordered_at),
    )


def _allocate(lines: Lines, allocations: Iterable[Allocation]) -> None:
    for a in allocations:
        _add(lines[a.line_id].allocated_at, a.location, a.quantity)


def _release(lines: Lines, allocations: Iterable[Allocation]) -> None:
    for a in allocations:
        _add(lines[a.line_id].allocated_at, a.location, -a.quantity)


def _backorder(lines: Lines, backorders: Iterable[Backorder]) -> None:
    for b in backorders:
        progress = lines[b.line_id]
        _add(progress.backordered_at, b.location, b.quantity)
        if b.preorder is not None:
            _preorder(progress, b, b.preorder)


def _release_backorders(lines: Lines, backorders: Iterable[Backorder]) -> None:
    for b in backorders:
        progress = lines[b.line_id]
        _add(progress.backordered_at, b.location, -b.quantity)
        if progress.preordered_at:
            _release_preorder(progress, b)


def _preorder(progress: LineProgress, sold: Backorder, promise: PreorderPromise) -> None:
    """Units that were sold under an earlier preorder are ordinary backorders from then on."""
    if progress.preorder is None or progress.preorder.preorder_id != promise.preorder_id:
        progress.preordered_at = {}
    progress.preorder = promise
    _add(progress.preordered_at, sold.location, sold.quantity)


def _release_preorder(progress: LineProgress, released: Backorder) -> None:
    """Units that were given up are preordered no longer. Of those that have got stock, ordinary
    backorders count first."""
    at, place = progress.preordered_at, released.location
    left = at.get(place, 0) - (released.quantity if released.preorder is not None else 0)
    at[place] = min(left, progress.backordered_at.get(place, 0))
    if not at[place]:
        del at[place]


def _release_untracked(lines: Lines, released: Iterable[LineQuantity]) -> None:
    for each in released:
        lines[each.line_id].untracked -= each.quantity


def _add(at: dict[str, int], location: str, quantity: int) -> None:
    """Add to a counter per location, and drop it when it is back at 0."""
    total = at.get(location, 0) + quantity
    if total:
        at[location] = total
    else:
        del at[location]
