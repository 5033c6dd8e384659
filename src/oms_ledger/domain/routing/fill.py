"""Which units of a demand come from which place, once the places are ranked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.routing.demand import Demand, DemandLine
from oms_ledger.domain.routing.events import RoutingRule
from oms_ledger.domain.routing.rank import Ranking
from oms_ledger.domain.stock.rules import NO_KITS, Available, Kits, Plan, allocate, kits_at
from oms_ledger.domain.units import price_of

Wanted = tuple[str, str, int]
"""Line id, SKU and units."""


def fill(
    wanted: Sequence[Wanted],
    available: Available,
    demand: Demand,
    ranking: Ranking,
    rules: Iterable[RoutingRule],
    kits: Kits = NO_KITS,
) -> Plan:
    """Cover what is wanted from the places in the order of a ranking. What is short is the same in
    any order of places."""
    low = _lines_below_floor(demand, rules)
    if low:
        plan = _fill_with_floor(wanted, ordered(available, ranking.codes), low, kits)
        if not plan.shortages:
            return plan
    return allocate(wanted, ordered(available, ranking.codes), kits)


def ordered(available: Available, codes: Sequence[str]) -> Available:
    """A copy with the places of each SKU in this order. Places that are not named come last."""
    rank = {code: n for n, code in enumerate(codes)}
    last = len(rank)
    return {
        sku: dict(sorted(places.items(), key=lambda place: rank.get(place[0], last)))
        for sku, places in available.items()
    }


def _lines_below_floor(demand: Demand, rules: Iterable[RoutingRule]) -> frozenset[str]:
    """Ids of the lines that are worth less than the floor of split_floor, in its currency."""
    for rule in rules:
        floor = rule.floor
        if rule.kind == "split_floor" and floor is not None and floor.currency == demand.currency:
            return frozenset(line.line_id for line in demand.lines if _value(line) < floor.minor)
    return frozenset()


def _value(line: DemandLine) -> int:
    return price_of(line.unit_price, line.quantity, line.unit)


def _fill_with_floor(
    wanted: Sequence[Wanted], available: Available, low: frozenset[str], kits: Kits
) -> Plan:
    """Lines of low value last: whole from a place that sends something already, else whole from the
    first that has all of it, else as any other line."""
    plan = allocate([each for each in wanted if each[0] not in low], available, kits)
    used = dict.fromkeys(a.location for a in plan.allocations)
    for each in wanted:
        line_id, sku, units = each
        if line_id not in low:
            continue
        parts = kits.get(line_id, (Component(sku, 1),))
        whole = [code for code, there in kits_at(parts, available).items() if there >= units]
        code = next((code for code in whole if code in used), next(iter(whole), None))
        chosen = {part.sku: available.get(part.sku, {}) for part in parts}
        if code is not None:
            chosen = {sku: {code: places[code]} for sku, places in chosen.items()}
        part = allocate([each], chosen, kits)
        for sku, places in chosen.items() if code is not None else ():
            available[sku] |= places
        used |= dict.fromkeys(a.location for a in part.allocations)
        plan.allocations += part.allocations
        plan.shortages += part.shortages
    plan.allocations = _in_order(plan.allocations, wanted)
    return plan


def _in_order(allocations: Sequence[Allocation], wanted: Sequence[Wanted]) -> list[Allocation]:
    """Allocations in the order of the lines."""
    place = {line_id: n for n, (line_id, _, _) in enumerate(wanted)}
    return sorted(allocations, key=lambda a: place[a.line_id])


def units_by_place(allocations: Iterable[Allocation]) -> Mapping[str, int]:
    units: dict[str, int] = {}
    for a in allocations:
        units[a.location] = units.get(a.location, 0) + a.quantity
    return units
