"""Which stock an order gets: locations in order of priority, lines split where one place cannot
cover them. What one line takes is gone for the next, so two lines of one SKU cannot both be
promised the same unit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.channels.state import settings_of
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import stock_group, stock_key
from oms_ledger.domain.orders.lines import Allocation, Backorder, OrderLine
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    StockAllocated,
    StockBackordered,
    StockReleased,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given, KeyGroup, Ref

StockOfSkus: TypeAlias = Mapping[str, Mapping[str, StockLevel]]
"""Stock by SKU and location code."""

Available: TypeAlias = dict[str, dict[str, int]]
"""Units by SKU and location code, the locations in the order of allocation."""

Kits: TypeAlias = Mapping[str, tuple[Component, ...]]
"""The components of kits by line id; other lines are not in it."""

NO_KITS: Kits = {}


class UnitsAt(NamedTuple):
    """Units of a SKU's stock at a location, for a line of an order."""

    line_id: str
    sku: str
    location: str
    quantity: int


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
    """Codes of locations in the order of allocation, closed ones last."""
    defined = [place.defined for place in locations if place.defined is not None]
    return [d.code for d in sorted(defined, key=lambda d: (d.closed, d.priority, d.code))]


def locations_of(channel: str, given: Given) -> list[str]:
    """Codes of the locations whose stock a channel sells, in the order of allocation."""
    codes, settings = by_priority(given.all(Location)), settings_of(channel, given)
    if settings is None or not settings.locations:
        return codes
    return [code for code in codes if code in settings.locations]


def shortage_refs(skus: Iterable[str], backorder: str, channel: str, given: Given) -> list[Ref]:
    """As `backorder_refs`, for the SKUs that an order of the channel may wait for: all where its
    `backorder` is allow, otherwise those that are sold as a preorder."""
    if backorder == "allow":
        return backorder_refs(skus, channel, given)
    sold = [sku for sku in skus if has_preorder(sku, given)]
    return backorder_refs(sold, channel, given) if sold else []


def has_preorder(sku: str, given: Given) -> bool:
    """Whether the product is or was sold as a preorder."""
    return given.state(Product, sku).preorder is not None


def backorder_refs(skus: Iterable[str], channel: str, given: Given) -> list[Ref]:
    """The stock at which backorders of SKUs are booked: that of the channel's location which is
    allocated first."""
    first = locations_of(channel, given)[:1]
    return [(StockLevel, stock_key(sku, code)) for sku in skus for code in first]


def stock_by_location(given: Given, skus: Collection[str]) -> StockOfSkus:
    """The stock of SKUs wherever they have or had any. Of thousands of locations only these can
    matter to an order."""
    return {sku: given.group(StockLevel, stock_group(sku)) for sku in skus}


def sellable_units(given: Given, stock: StockOfSkus, channel: str) -> Available:
    """Units for sale through a channel: those of `available_for_all` at its locations."""
    return of_channel(available_for_all(given, stock), channel, given)


def available_for_all(given: Given, stock: StockOfSkus) -> Available:
    """Units for sale, less the safety stock of each location, and less the units that waiting
    orders get, first of the places that are allocated first: what came in for backorders is not
    sold to newer orders."""
    available = available_units(given, stock)
    for sku, of_sku in stock.items():
        waiting = backordered_units(of_sku)
        if waiting:
            keep_for_waiting(available[sku], waiting)
    return available


def of_channel(available: Available, channel: str, given: Given) -> Available:
    """The units at the locations whose stock a channel sells."""
    settings = settings_of(channel, given)
    if settings is None or not settings.locations:
        return available
    return {
        sku: {code: units for code, units in places.items() if code in settings.locations}
        for sku, places in available.items()
    }


def available_units(given: Given, stock: StockOfSkus) -> Available:
    """Units at hand in open locations, less the safety stock of each; 0 where there is not more
    than that."""
    available: Available = {}
    for sku, of_sku in stock.items():
        product = given.state(Product, sku)
        codes: Iterable[str] = of_sku
        if len(of_sku) > 1:
            codes = by_priority([given.state(Location, code) for code in of_sku])
        available[sku] = {
            code: of_sku[code].available(product.safety_stock_of(code))
            for code in codes
            if not given.state(Location, code).closed
        }
    return available


def backordered_units(of_sku: Mapping[str, StockLevel]) -> int:
    """Units of a SKU that placed orders wait for, over all locations."""
    waiting = 0
    for level in of_sku.values():
        waiting += level.backordered
    return waiting


def give_back(available: Available, units: Iterable[UnitsAt], stock: StockOfSkus) -> None:
    """Add units that the same command releases to what can be allocated. What was promised and
    cannot be sent, since its lot is blocked, is covered from them first. Units at closed locations,
    and at those that the channel does not sell, are not allocated again."""
    released: dict[tuple[str, str], int] = {}
    for _, sku, location, quantity in units:
        if location in available.get(sku, {}):
            released[sku, location] = released.get((sku, location), 0) + quantity
    for (sku, location), quantity in released.items():
        places = available[sku]
        back = min(quantity, max(0, stock[sku][location].free + quantity))
        places[location] += back


def keep_for_waiting(units: dict[str, int], waiting: int) -> None:
    """Take away the units, by location, that waiting orders get: first those of the first."""
    for place, there in units.items():
        kept = min(waiting, max(there, 0))
        units[place] = there - kept
        waiting -= kept


def stock_group_refs(sku: str) -> list[Ref]:
    """The product, and its stock wherever it has or had any."""
    return [(Product, sku), (StockLevel, KeyGroup(stock_group(sku)))]


def stock_skus(sku: str, given: Given) -> list[str]:
    """The SKUs whose stock a new line of a SKU takes: its own, or those of a kit's components."""
    product = given.state(Product, sku).defined
    if product is None or not product.components:
        return [sku]
    return [component.sku for component in product.components]


def parts_of(sku: str, given: Given) -> tuple[Component, ...]:
    """What one unit of a SKU takes: itself, or the components of a kit."""
    product = given.state(Product, sku).defined
    return product.components if product and product.components else (Component(sku, 1),)


def wanted_refs(sku: str, given: Given) -> list[Ref]:
    """What a new line of a SKU reads: the product, and the stock that the line takes, wherever
    there is or was any."""
    skus = stock_skus(sku, given)
    refs = [ref for each in skus for ref in stock_group_refs(each)]
    return refs if sku in skus else [(Product, sku), *refs]


def kits_of(lines: Iterable[OrderLine]) -> Kits:
    """The components of those lines that are kits."""
    return {line.line_id: line.components for line in lines if line.components}


def skus_taken(lines: Iterable[OrderLine]) -> list[str]:
    """The SKUs whose stock agreed lines take, each once."""
    skus: dict[str, None] = {}
    for line in lines:
        if line.components:
            skus |= dict.fromkeys(each.sku for each in line.components)
        elif line.stocked:
            skus[line.sku] = None
    return list(skus)


def units_taken(items: Iterable[Allocation | Backorder], kits: Kits) -> Iterator[UnitsAt]:
    """The stock that allocations or backorders of lines stand for: of a kit that of each
    component."""
    for item in items:
        components = kits.get(item.line_id) if kits else None
        if components is None:
            yield UnitsAt(item.line_id, item.sku, item.location, item.quantity)
            continue
        for component in components:
            units = component.quantity * item.quantity
            yield UnitsAt(item.line_id, component.sku, item.location, units)


def allocate(
    wanted: Iterable[tuple[str, str, int]], available: Available, kits: Kits = NO_KITS
) -> Plan:
    """Cover `wanted` (line id, SKU, units) from `available`, which is used up as it goes. All
    components of a unit of a kit are taken at one location."""
    plan = Plan()
    for line_id, sku, units in wanted:
        missing = units
        components = kits.get(line_id) if kits else None
        places = available.get(sku, {}) if components is None else kits_at(components, available)
        for place, there in places.items():
            if there > 0:
                take = min(there, missing)
                if components is None:
                    places[place] = there - take
                else:
                    for each in components:
                        available[each.sku][place] -= take * each.quantity
                plan.allocations.append(Allocation(line_id, sku, place, take))
                missing -= take
                if not missing:
                    break
        if missing:
            plan.shortages.append(Shortage(line_id, sku, units, units - missing))
    return plan


def insufficient(shortages: Sequence[Shortage], remedy: str) -> Refused:
    lines = ", ".join(
        f"line {s.line_id} ({s.sku}): {s.available} of {s.requested}" for s in shortages
    )
    return Refused(
        f"Not enough stock. {lines}. {remedy}",
        code="insufficient_stock",
        errors=[
            {"line": s.line_id, "sku": s.sku, "requested": s.requested, "available": s.available}
            for s in shortages
        ],
    )


def kits_at(components: Iterable[Component], available: Available) -> dict[str, int]:
    """How many kits are complete at each location, in the order of allocation."""
    complete: dict[str, int] | None = None
    for component in components:
        there = available.get(component.sku, {})
        kits = {place: units // component.quantity for place, units in there.items()}
        if complete is None:
            complete = kits
        else:
            complete = {place: min(n, kits.get(place, 0)) for place, n in complete.items()}
    return complete or {}


def units_promisable(components: Iterable[Component], available: Available) -> int:
    """How many kits of these components are complete, over all locations."""
    return sum(max(0, units) for units in kits_at(components, available).values())


def stock_allocated(order_id: str, allocations: Iterable[Allocation], kits: Kits) -> list[Change]:
    """The events of the stock that an order's allocations take."""
    return [
        Change(StockAllocated(sku, location, units, order_id, line_id))
        for line_id, sku, location, units in units_taken(allocations, kits)
    ]


def stock_released(order_id: str, allocations: Iterable[Allocation], kits: Kits) -> list[Change]:
    """The events of the stock that an order's allocations give back."""
    return [
        Change(StockReleased(sku, location, units, order_id, line_id))
        for line_id, sku, location, units in units_taken(allocations, kits)
    ]


def stock_backordered(order_id: str, backorders: Iterable[Backorder], kits: Kits) -> list[Change]:
    """The events of the stock that an order's backorders wait for."""
    return [
        Change(StockBackordered(sku, location, units, order_id, line_id, each.preorder))
        for each in backorders
        for line_id, sku, location, units in units_taken((each,), kits)
    ]


def backorders_released(order_id: str, backorders: Iterable[Backorder], kits: Kits) -> list[Change]:
    """The events of the stock that an order's backorders no longer wait for."""
    return [
        Change(BackorderReleased(sku, location, units, order_id, line_id, each.preorder))
        for each in backorders
        for line_id, sku, location, units in units_taken((each,), kits)
    ]
