"""The stock that an imported order gets, and takes along with its shipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.lines import Allocation, Backorder, LineQuantity
from oms_ledger.domain.orders.past import PastOrder
from oms_ledger.domain.orders.rules.cancellation import merged
from oms_ledger.domain.orders.rules.placement import (
    backorders_of,
    refuse_without_locations,
)
from oms_ledger.domain.routing.source import Sourcing, source
from oms_ledger.domain.stock.events import StockAdjusted
from oms_ledger.domain.stock.rules import (
    Available,
    Kits,
    Shortage,
    StockOfSkus,
    insufficient,
    locations_of,
    sellable_units,
    skus_taken,
    stock_by_location,
    units_taken,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given

ADJUSTED = "imported order shipped more than was on hand"
"""The reason of adjustments by `stock: force`."""


@dataclass(frozen=True, slots=True)
class PastStock:
    """`untracked` units get no stock. `adjustments` come before the allocations. `decision` records
    where open units come from, in a channel with routing rules."""

    untracked: tuple[LineQuantity, ...]
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()
    adjustments: tuple[StockAdjusted, ...] = ()
    decision: Sequence[Change] = ()


@dataclass(slots=True)
class _Shipped:
    """What shipments take of the units on hand, and what of it is short. `missing` by SKU and
    location."""

    allocations: list[Allocation] = field(default_factory=list)
    shortages: list[Shortage] = field(default_factory=list)
    missing: dict[tuple[str, str], int] = field(default_factory=dict)


def stock_of_past(
    sourcing: Sourcing,
    past: PastOrder,
    shipped: Sequence[tuple[str, Mapping[str, int]]],
    given: Given,
) -> PastStock:
    """The stock of an order of which `shipped` (location, units by line id) is in shipments: skip
    gives none, and units that were cancelled never get any. Units in shipments come from where
    these left, open ones from where `source` finds them. `Refused` with `insufficient_stock`,
    naming every line, where update lacks some; force backorders what is open then, and adjusts the
    stock by what has shipped."""
    terms = sourcing.terms
    goods = {line.line_id: line for line in terms.lines if line.stocked}
    left = {line_id: line.quantity for line_id, line in goods.items()}
    if past.stock == "skip":
        return PastStock(quantities(left.items()))
    for _, units in shipped:
        for line_id, quantity in units.items():
            left[line_id] -= quantity
    rest = {line_id: quantity for line_id, quantity in left.items() if quantity}
    untracked, wanted = (rest, {}) if past.cancelled_at is not None else ({}, rest)
    skus = {line_id: line.sku for line_id, line in goods.items()}
    kits = sourcing.kits
    stock = stock_by_location(given, skus_taken(terms.lines))
    taken = _take(shipped, skus, kits, stock)
    available = _without(sellable_units(given, stock, terms.channel), taken.allocations, kits)
    sourced = source(sourcing, [(i, skus[i], n) for i, n in wanted.items()], available, given)
    plan = sourced.plan
    if wanted and not plan.allocations:
        refuse_without_locations(given)
    if past.stock == "force":
        backorders = _backorders(plan.shortages, terms.channel, given)
    else:
        if taken.shortages:
            raise insufficient([*taken.shortages, *plan.shortages], _REMEDY)
        backorders = backorders_of(plan.shortages, terms, stock, given, kits, None)
    return PastStock(
        quantities(untracked.items()),
        tuple(merged([*taken.allocations, *plan.allocations])),
        backorders,
        tuple(
            StockAdjusted(sku, location, units, ADJUSTED, past.number)
            for (sku, location), units in taken.missing.items()
        ),
        sourced.decision,
    )


_REMEDY = "Receive it first, or import with stock: skip, or with force."


def _take(
    shipped: Sequence[tuple[str, Mapping[str, int]]],
    skus: Mapping[str, str],
    kits: Kits,
    stock: StockOfSkus,
) -> _Shipped:
    """Units that have left count against all that is on hand and promised to nobody, safety stock
    and units kept for backorders included: they are gone."""
    taken, free = _Shipped(), dict[tuple[str, str], int]()
    for location, units in shipped:
        for line_id, quantity in units.items():
            allocation = Allocation(line_id, skus[line_id], location, quantity)
            complete = quantity
            for _, sku, _, needed in units_taken([allocation], kits):
                level = stock[sku].get(location, StockLevel())
                there = free.setdefault((sku, location), max(0, level.free))
                free[sku, location] = max(0, there - needed)
                complete = min(complete, there * quantity // needed)
                if needed > there:
                    missing = taken.missing.get((sku, location), 0)
                    taken.missing[sku, location] = missing + needed - there
            taken.allocations.append(allocation)
            if complete < quantity:
                taken.shortages.append(Shortage(line_id, skus[line_id], quantity, complete))
    return taken


def _without(available: Available, taken: Sequence[Allocation], kits: Kits) -> Available:
    """What is left to be promised once these units are taken."""
    for _, sku, location, units in units_taken(taken, kits):
        places = available[sku]
        if location in places:
            places[location] = max(0, places[location] - units)
    return available


def _backorders(shortages: Sequence[Shortage], channel: str, given: Given) -> tuple[Backorder, ...]:
    """All that is short, whatever the limits of backorders are: it was sold."""
    if not shortages:
        return ()
    first = locations_of(channel, given)[0]
    return tuple(Backorder(s.line_id, s.sku, first, s.requested - s.available) for s in shortages)
