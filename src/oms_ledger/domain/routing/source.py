"""Where the units of an order come from: by the rules of its channel, or without any in the order
of priority. A decision by rules, or that excludes places for good, is recorded with what it was
made from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.geography import postal_area
from oms_ledger.domain.identifiers import channel_key, stock_group
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.routing.demand import Demand, DemandLine, Destination, Place
from oms_ledger.domain.routing.events import (
    OrderRouted,
    RankedPlace,
    RoutedLine,
    RoutingRule,
    UnitsRouted,
)
from oms_ledger.domain.routing.fill import Wanted, fill, units_by_place
from oms_ledger.domain.routing.rank import Ranking, rank
from oms_ledger.domain.routing.state import LocationLoad, OrderRouting, PostalAreas, routing_rules
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.rules import Available, Kits, Plan, allocate
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given, Ref

RANKED_MAX = 50
"""Places of a recorded ranking: the first ones, and all that send something."""


@dataclass(frozen=True, slots=True)
class Sourcing:
    """What `source` is about. `cause` is recorded; `kits` are those of all lines that need units;
    `postal_area` is that of the shipping address; `lines` are those of the order, or more. Places
    in `excluded` send nothing of this order any more; with `keeps_excluded` that is recorded in a
    channel without rules too. `is_new`: nothing was decided about the order before."""

    order_id: str
    terms: OrderTerms
    cause: str
    now: datetime
    kits: Kits
    postal_area: str | None = None
    lines: tuple[OrderLine, ...] = ()
    excluded: tuple[str, ...] = ()
    keeps_excluded: bool = False
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Sourced:
    """A plan, and the events that record how it was made: in a channel without rules none, unless
    places are excluded for the rest of the order's life."""

    plan: Plan
    decision: Sequence[Change] = ()


def source(
    sourcing: Sourcing, wanted: Sequence[Wanted], available: Available, given: Given
) -> Sourced:
    """Cover `wanted` from `available`. What is short does not depend on the rules."""
    rules = routing_rules(sourcing.terms.channel, given)
    excluded = set(sourcing.excluded)
    if not sourcing.is_new:
        excluded.update(given.state(OrderRouting, sourcing.order_id).excluded)
    available = without(available, excluded)
    if not wanted or not (rules or sourcing.keeps_excluded):
        return Sourced(allocate(wanted, available, sourcing.kits))
    demand = demand_of(sourcing, wanted, available, given)
    ranking = rank(demand, rules)
    plan = fill(wanted, available, demand, ranking, rules, sourcing.kits)
    routed = order_routed(sourcing, demand, ranking, plan, rules)
    return Sourced(plan, [Change(routed), *_units_routed(routed, rules, given)])


def routing_refs(
    channel: str,
    country: str | None,
    skus: Iterable[str],
    given: Given,
    order_id: str | None = None,
) -> list[Ref]:
    """What `source` reads beyond the stock: in a channel without rules the excluded places of an
    order, and of a new one nothing. `country` is that of the shipping address; `order_id` is None
    for an order that is new. `skus` are looked at where a rule is about the capacity of places."""
    refs: list[Ref] = [] if order_id is None else [(OrderRouting, order_id)]
    kinds = {rule.kind for rule in routing_rules(channel, given)}
    if country and kinds & {"nearest", "cost", "plugin"}:
        refs.append((PostalAreas, country))
    if "capacity" in kinds:
        codes = {code for sku in skus for code in given.group(StockLevel, stock_group(sku))}
        refs += [(LocationLoad, code) for code in sorted(codes)]
    return refs


def is_routed(channel: str | None, given: Given) -> bool:
    """Whether the orders of a channel are routed by rules."""
    return channel is not None and bool(routing_rules(channel, given))


def without(available: Available, excluded: Collection[str]) -> Available:
    """The units at all places but those that are excluded."""
    if not excluded:
        return available
    return {
        sku: {code: units for code, units in places.items() if code not in excluded}
        for sku, places in available.items()
    }


def demand_of(
    sourcing: Sourcing, wanted: Sequence[Wanted], available: Available, given: Given
) -> Demand:
    """The demand and the places that have any of it. Of a kit its components are needed."""
    agreed = {line.line_id: line for line in sourcing.lines or sourcing.terms.lines}
    lines = tuple(
        line for each in wanted for line in _demand_lines(each, agreed.get(each[0]), sourcing.kits)
    )
    units: dict[str, dict[str, int]] = {}
    for sku in dict.fromkeys(line.sku for line in lines):
        for code, there in available.get(sku, {}).items():
            if there > 0:
                units.setdefault(code, {})[sku] = there
    day = day_of(sourcing.now)
    places = {code: place_of(code, of_skus, day, given) for code, of_skus in units.items()}
    return Demand(sourcing.terms.currency, lines, destination_of(sourcing, given), places)


def _demand_lines(wanted: Wanted, line: OrderLine | None, kits: Kits) -> Iterable[DemandLine]:
    line_id, sku, units = wanted
    unit_price = line.unit_price if line else 0
    components = kits.get(line_id)
    if components is None:
        yield DemandLine(line_id, sku, units, unit_price, line.unit if line else None)
        return
    for each in components:
        price = unit_price // each.quantity  # so that quantity times price is the line's value
        yield DemandLine(line_id, each.sku, units * each.quantity, price)


def destination_of(sourcing: Sourcing, given: Given) -> Destination:
    address, area = sourcing.terms.shipping_address, sourcing.postal_area
    if address is None or address.country is None:
        return Destination()
    point = given.state(PostalAreas, address.country).point_of(area)
    return Destination(address.country, area, point)


def place_of(code: str, units: Mapping[str, int], day: str, given: Given) -> Place:
    defined = given.state(Location, code).defined
    if defined is None:
        return Place(code, 0, units)
    site, capacity = defined.site, defined.daily_capacity
    left = None if capacity is None else capacity - given.state(LocationLoad, code).on(day)
    area = postal_area(site.country, site.postal_code) if site.postal_code else None
    return Place(code, defined.priority, units, site.country, area, defined.point, left)


def order_routed(
    sourcing: Sourcing, demand: Demand, ranking: Ranking, plan: Plan, rules: Sequence[RoutingRule]
) -> OrderRouted:
    """The decision as an event."""
    units = units_by_place(plan.allocations)
    kept = [code for n, code in enumerate(ranking.codes) if n < RANKED_MAX or code in units]
    to = demand.destination
    return OrderRouted(
        sourcing.order_id,
        sourcing.cause,
        channel_key(sourcing.terms.channel),
        tuple(rule.name for rule in rules),
        ranking.decided_by(units),
        day_of(sourcing.now),
        tuple(RoutedLine(line.line_id, line.sku, line.quantity) for line in demand.lines),
        tuple(RankedPlace(c, units.get(c, 0), tuple(ranking.scores[c])) for c in kept),
        len(ranking.codes),
        tuple(plan.allocations),
        tuple(RoutedLine(s.line_id, s.sku, s.requested - s.available) for s in plan.shortages),
        to.country,
        to.postal_area,
        to.point,
        sourcing.excluded,
        ranking.faults,
    )


def _units_routed(
    routed: OrderRouted, rules: Iterable[RoutingRule], given: Given
) -> Iterable[Change]:
    """What the decision uses of the capacity of places that have one."""
    if all(rule.kind != "capacity" for rule in rules):
        return
    for place in routed.ranking:
        defined = given.state(Location, place.location).defined
        if place.units and defined is not None and defined.daily_capacity is not None:
            yield Change(UnitsRouted(place.location, routed.day, place.units))
