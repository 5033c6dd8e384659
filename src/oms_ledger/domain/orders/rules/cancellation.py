"""The decision behind cancelling: which units can be, and what that frees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.fulfilment.events import ShipmentCancelled, ShipmentCreated
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.guards import existing_shipment, quantities, stock_of_lines
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.events import OrderCancelled, UnitsUnpacked
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.progress import LineProgress
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.stock.rules import (
    backorders_released,
    kits_of,
    stock_released,
    units_taken,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given, Json, Ref


def cancellation_refs(order: Order, given: Given) -> list[Ref]:
    """What cancelling units of the order reads beside it: the shipments that have not left, and the
    stock of all that is open."""
    kits = kits_of(p.line for p in order.lines.values())
    packed = [each for each, status in order.shipments.items() if status == "created"]
    created = [given.state(Shipment, each).created for each in packed]
    shipments: list[Ref] = [(Shipment, each) for each in packed]
    units = [unit for each in created if each for unit in units_taken(packed_units(each), kits)]
    levels: list[Ref] = [(StockLevel, stock_key(sku, place)) for _, sku, place, _ in units]
    return [*shipments, *levels, *stock_of_lines(order)]


def cancel_rest(
    order_id: str, order: Order, reason: str, note: str | None, given: Given
) -> Sequence[Change]:
    """Everything that has not shipped, with the shipments that have not left."""
    if order.statuses.order in ENDED:
        raise already_cancelled(order)
    open_units = {line_id: p.open for line_id, p in order.lines.items() if p.open}
    shipped = any(progress.shipped for progress in order.lines.values())
    if shipped and order.statuses.order in ("fulfilled", "completed"):  # a fee may be open still
        raise illegal_transition(
            "The order", order.statuses.order, "cancelled", "What has shipped can be returned."
        )
    changes: list[Change] = []
    unpacked: list[Allocation] = []
    untracked = {line_id: p.untracked for line_id, p in order.lines.items() if p.untracked}
    for shipment_id, status in order.shipments.items():
        if status == "created":
            _, created = existing_shipment(given, shipment_id)
            changes += unpack(shipment_id, created)
            unpacked += packed_units(created)
            if created.untracked:
                for line in created.lines:
                    untracked[line.line_id] = untracked.get(line.line_id, 0) + line.quantity
    freed = unpacked + [a for p in order.lines.values() for a in _allocations(p)]
    backorders = [b for p in order.lines.values() for b in _backorders(p)]
    given_up = FreedUnits(merged(freed), backorders, untracked)
    return changes + _cancel(order_id, order, reason, note, open_units, given_up)


def packed_units(created: ShipmentCreated) -> list[Allocation]:
    """The units of a shipment, which are allocated where they were packed; untracked ones are
    not."""
    if created.untracked:
        return []
    return [
        Allocation(line.line_id, line.sku, created.location, line.quantity)
        for line in created.lines
    ]


def already_cancelled(order: Order) -> Refused:
    status = order.statuses.order
    return Refused(f"The order is {status} already.", code="already_cancelled")


def cancel_lines(
    order_id: str, order: Order, wanted: Mapping[str, int], reason: str, note: str | None
) -> Sequence[Change]:
    """These units of these lines."""
    faults = [f for line_id, units in wanted.items() if (f := _fault(order, line_id, units))]
    if faults:
        if order.statuses.order in ENDED:
            raise already_cancelled(order)
        raise Refused(
            "Some units cannot be cancelled: they are not there, have shipped, or are packed."
            " Cancel their shipment first, or fewer units.",
            code="illegal_transition",
            errors=faults,
        )
    return _cancel(order_id, order, reason, note, wanted, units_freed(order, wanted))


class FreedUnits(NamedTuple):
    """What units that are not wanted any more free: allocations, backorders, and untracked units by
    line id."""

    allocations: list[Allocation]
    backorders: list[Backorder]
    untracked: dict[str, int]


def units_freed(order: Order, units: Mapping[str, int]) -> FreedUnits:
    """What so many units of each line free, by line id."""
    freed = FreedUnits([], [], {})
    for line_id, quantity in units.items():
        _free(order.lines[line_id], quantity, freed)
    return freed


def _free(progress: LineProgress, units: int, freed: FreedUnits) -> None:
    """Backordered units of a line go first, which cost nobody anything; untracked ones last, which
    were there before any that an edit has added."""
    line_id = progress.line.line_id
    for backorder in _backorders(progress):
        take = min(backorder.quantity, units)
        units -= take
        if take:
            freed.backorders.append(replace(backorder, quantity=take))
    for allocation in reversed(_allocations(progress)):
        take = min(allocation.quantity, units)
        units -= take
        if take:
            freed.allocations.append(Allocation(line_id, allocation.sku, allocation.location, take))
    if taken := min(progress.untracked, units):
        freed.untracked[line_id] = taken


def unpack(shipment_id: str, created: ShipmentCreated) -> list[Change]:
    """Cancel a shipment that has not left: exactly its units are allocated again."""
    lines = quantities((line.line_id, line.quantity) for line in created.lines)
    order_id = created.order_id
    unpacked = UnitsUnpacked(order_id, shipment_id, created.location, lines, created.untracked)
    return [Change(ShipmentCancelled(shipment_id, order_id)), Change(unpacked)]


def _fault(order: Order, line_id: str, units: int) -> dict[str, Json] | None:
    progress = order.lines.get(line_id)
    free = progress.open - progress.packed if progress else 0
    if units <= free:
        return None
    return {
        "line": line_id,
        "sku": progress.line.sku if progress else None,
        "requested": units,
        "available": free,
    }


def _cancel(
    order_id: str,
    order: Order,
    reason: str,
    note: str | None,
    units: Mapping[str, int],
    freed: FreedUnits,
) -> list[Change]:
    kits = kits_of(p.line for p in order.lines.values())
    event = OrderCancelled(
        order_id,
        reason,
        note,
        quantities(units.items()),
        tuple(freed.allocations),
        tuple(freed.backorders),
        quantities(freed.untracked.items()),
    )
    return [
        Change(event),
        *stock_released(order_id, freed.allocations, kits),
        *backorders_released(order_id, freed.backorders, kits),
    ]


def _allocations(p: LineProgress) -> list[Allocation]:
    return [Allocation(p.line.line_id, p.line.sku, at, n) for at, n in p.allocated_at.items()]


def _backorders(p: LineProgress) -> list[Backorder]:
    """Those that were sold as a preorder first, since others can have their place."""
    line_id, sku = p.line.line_id, p.line.sku
    sold = [Backorder(line_id, sku, at, n, p.preorder) for at, n in p.preordered_at.items()]
    rest = {at: n - p.preordered_at.get(at, 0) for at, n in p.backordered_at.items()}
    return sold + [Backorder(line_id, sku, at, n) for at, n in rest.items() if n]


def merged(allocations: Sequence[Allocation]) -> list[Allocation]:
    """One entry per line and location."""
    units: dict[tuple[str, str, str], int] = {}
    for a in allocations:
        key = (a.line_id, a.sku, a.location)
        units[key] = units.get(key, 0) + a.quantity
    return [Allocation(*key, quantity) for key, quantity in units.items()]
