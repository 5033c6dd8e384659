"""Which stock an order gets: locations in order of priority, lines split where one place cannot
cover them. What one line takes is gone for the next, so two lines of one SKU cannot both be
promised the same unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.identifiers import stock_group
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Given, KeyGroup, Ref


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


def places_with_stock(given: Given, skus: Collection[str]) -> list[str]:
    """Codes of the locations that have or had stock of one of the SKUs, in the order of
    allocation. Of thousands of locations only these can matter to an order."""
    codes = {code for sku in skus for code in given.group(StockLevel, stock_group(sku))}
    return by_priority([given.state(Location, code) for code in codes])


def available_stock(given: Given, skus: Collection[str]) -> dict[tuple[str, str], int]:
    """Units for sale by (SKU, location), less the safety stock of each location. Negative where
    there is less than that."""
    available: dict[tuple[str, str], int] = {}
    for sku in skus:
        product = given.state(Product, sku).defined
        safety = product.safety_stock if product else 0
        for code, stock in given.group(StockLevel, stock_group(sku)).items():
            available[sku, code] = stock.available(safety)
    return available


def backordered_units(given: Given, sku: str) -> int:
    """Units of a SKU that placed orders wait for, over all locations."""
    return sum(stock.backordered for stock in given.group(StockLevel, stock_group(sku)).values())


def keep_for_backorders(
    given: Given, places: Sequence[str], available: dict[tuple[str, str], int]
) -> None:
    """Take from `available` the units that waiting orders get, first of the places that are
    allocated first: what came in for them is not sold to newer orders."""
    for sku in {sku for sku, _ in available}:
        waiting = backordered_units(given, sku)
        for place in places:
            there = available.get((sku, place), 0)
            if waiting and there > 0:
                kept = min(waiting, there)
                available[sku, place] = there - kept
                waiting -= kept


def stock_refs(sku: str) -> list[Ref]:
    """The product, and its stock wherever it has or had any."""
    return [(Product, sku), (StockLevel, KeyGroup(stock_group(sku)))]


def allocate(
    wanted: Iterable[tuple[str, str, int]],
    places: Sequence[str],
    available: dict[tuple[str, str], int],
) -> Plan:
    """Cover `wanted` (line id, SKU, units) from `available` ((SKU, location): units), which is
    used up as it goes."""
    plan = Plan()
    rank = {place: n for n, place in enumerate(places)}
    at: dict[str, list[str]] = {}
    for sku, place in sorted(available, key=lambda key: rank.get(key[1], -1)):
        if place in rank:
            at.setdefault(sku, []).append(place)
    for line_id, sku, units in wanted:
        missing = units
        for place in at.get(sku, ()):
            there = available[sku, place]
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
