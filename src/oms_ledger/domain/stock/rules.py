"""Which stock an order gets: locations in order of priority, lines split where one place cannot
cover them. What one line takes is gone for the next, so two lines of one SKU cannot both be
promised the same unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.orders.lines import Allocation


@dataclass(frozen=True, slots=True)
class Shortage:
    """A line that cannot be covered: of `requested` units `available` were left for it."""

    line_id: str
    sku: str
    requested: int
    available: int


@dataclass(slots=True)
class Plan:
    allocations: list[Allocation] = field(default_factory=list)
    shortages: list[Shortage] = field(default_factory=list)


def by_priority(locations: Collection[Location]) -> list[str]:
    """Codes of locations in the order of allocation."""
    defined = [place.defined for place in locations if place.defined is not None]
    return [d.code for d in sorted(defined, key=lambda d: (d.priority, d.code))]


def allocate(
    wanted: Iterable[tuple[str, str, int]],
    places: Sequence[str],
    available: dict[tuple[str, str], int],
) -> Plan:
    """Cover `wanted` (line id, SKU, units) from `available` ((SKU, location): units), which is
    used up as it goes."""
    plan = Plan()
    for line_id, sku, units in wanted:
        missing = units
        for place in places:
            there = available.get((sku, place), 0)
            if there > 0:
                take = min(there, missing)
                available[sku, place] = there - take
                plan.allocations.append(Allocation(line_id, sku, place, take))
                missing -= take
                if not missing:
                    break
        if missing:
            plan.shortages.append(Shortage(line_id, sku, units, units - missing))
    return plan
