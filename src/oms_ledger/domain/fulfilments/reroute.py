"""Which other stock units of a fulfilment order get."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.fulfilments.rules import FulfilmentTarget
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.rules import (
    Plan,
    allocate,
    kits_of,
    sellable_units,
    skus_taken,
    stock_allocated,
    stock_by_location,
    stock_released,
)
from oms_ledger.kernel import Change, Given

REJECTED = "rejected"
"""The cause of a routing anew."""


def open_units(target: FulfilmentTarget) -> list[Allocation]:
    """The units of a fulfilment order that are not packed, where they are."""
    return units_here(target, target.work.open.items())


def units_here(target: FulfilmentTarget, units: Iterable[tuple[str, int]]) -> list[Allocation]:
    """Units by `line_id`, at the location of the fulfilment order."""
    lines, location = target.order.lines, target.work.name.location
    return [Allocation(line_id, lines[line_id].line.sku, location, n) for line_id, n in units if n]


def stock_at(target: FulfilmentTarget, location: str, given: Given) -> Plan:
    """The stock that the order's channel has at one location for the units that are not packed."""
    order, wanted = target.order, open_units(target)
    lines = [order.lines[each.line_id].line for each in wanted]
    stock = stock_by_location(given, skus_taken(lines))
    sellable = sellable_units(given, stock, order.terms.channel)
    there = {
        sku: {location: places[location]} if location in places else {}
        for sku, places in sellable.items()
    }
    return allocate(((a.line_id, a.sku, a.quantity) for a in wanted), there, kits_of(lines))


def moved(target: FulfilmentTarget, allocations: Iterable[Allocation]) -> list[Change]:
    """The units that are not packed are released here, and get `allocations` instead."""
    order_id = target.work.name.order_id
    kits = kits_of(progress.line for progress in target.order.lines.values())
    released, taken = open_units(target), tuple(allocations)
    event = BackordersAllocated(order_id, taken, (), tuple(released))
    return [
        Change(event),
        *stock_released(order_id, released, kits),
        *stock_allocated(order_id, taken, kits),
    ]


def rejecting_locations(states: Iterable[Fulfilment]) -> set[str]:
    """Locations that have rejected work on the order and not accepted it since."""
    return {
        state.opened.location
        for state in states
        if state.opened is not None and state.rejection is not None
    }
