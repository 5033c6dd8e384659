"""Orders routed by other rules than those of their time, in a stock of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.channels.state import ChannelSettings
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.log_states import StatesOfLog
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.orders.lines import Allocation, Backorder, OrderLine
from oms_ledger.domain.routing.demand import Demand
from oms_ledger.domain.routing.events import RoutingRule, UnitsRouted
from oms_ledger.domain.routing.figures import RoutingFigures
from oms_ledger.domain.routing.fill import Wanted, fill
from oms_ledger.domain.routing.rank import rank
from oms_ledger.domain.routing.source import Sourcing, demand_of
from oms_ledger.domain.routing.state import LocationLoad, PostalAreas
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.rules import (
    Available,
    Kits,
    Plan,
    by_priority,
    keep_for_waiting,
    kits_of,
    skus_taken,
    units_taken,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Given, Log, S

Levels: TypeAlias = Mapping[str, Mapping[str, StockLevel]]
"""Stock by SKU and location code, with no unit of it allocated."""


class PresentStates(StatesOfLog):
    """Locations, postal areas and settings of channels as of the last position of a log. A
    `kernel.Given` of these alone; `loads` are the units routed to a place and day in one set of
    rules."""

    def __init__(self, log: Log) -> None:
        super().__init__(log)
        self.products: dict[str, ProductDefined] = {}
        locations = [log.fold(Location, code) for code in log.keys(Location)]
        self.priority = by_priority(locations)
        self.open = frozenset(
            each.defined.code for each in locations if each.defined and not each.closed
        )

    def state(self, kind: type[S], key: str) -> S:
        is_read = kind in (Location, PostalAreas, ChannelSettings)
        return super().state(kind, key) if is_read else kind()

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        raise LookupError(f"{kind.category} has no groups here")

    def places_of(self, channel: str) -> Collection[str]:
        """Codes of the open locations whose stock a channel sells."""
        settings = self.state(ChannelSettings, channel_key(channel)).defined
        if settings is None or not settings.locations:
            return self.open
        return self.open & set(settings.locations)


class _WithLoads:
    """A `kernel.Given`: present states, and the loads of places in one simulation."""

    def __init__(self, present: PresentStates) -> None:
        self._present = present
        self.loads: dict[str, LocationLoad] = {}

    def state(self, kind: type[S], key: str) -> S:
        if kind is LocationLoad:
            return cast(S, self.loads.setdefault(key, LocationLoad()))
        return self._present.state(kind, key)

    def all(self, kind: type[S]) -> Collection[S]:
        return self._present.all(kind)

    def group(self, kind: type[S], prefix: str) -> Mapping[str, S]:
        return self._present.group(kind, prefix)


@dataclass(slots=True)
class _SimulatedOrder:
    """The units of an order by line and place, and those that wait by line. `lines` are those as
    placed, then those that edits add or change; `kits` those of them that are kits."""

    placed: OrderPlaced
    lines: tuple[OrderLine, ...]
    kits: dict[str, tuple[Component, ...]]
    at: dict[str, dict[str, int]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)


class Simulation:
    """Orders routed by one set of rules. `taken` are the units that orders have, by SKU and place;
    `waiting` those that wait, by SKU."""

    def __init__(self, present: PresentStates, rules: Sequence[RoutingRule]) -> None:
        self.rules = rules
        self.figures = RoutingFigures()
        self.taken: dict[str, dict[str, int]] = {}
        self.waiting: dict[str, int] = {}
        self._present = present
        self._given = _WithLoads(present)
        self._orders: dict[str, _SimulatedOrder] = {}

    def place(self, placed: OrderPlaced, levels: Levels) -> tuple[Demand, Plan]:
        """Route a new order; its demand and plan. Untracked units get no stock."""
        lines = placed.terms.lines
        order = self._orders[placed.order_id] = _SimulatedOrder(placed, lines, dict(kits_of(lines)))
        untracked = {each.line_id: each.quantity for each in placed.untracked}
        wanted = [
            (line.line_id, line.sku, units)
            for line in lines
            if line.stocked and (units := line.quantity - untracked.get(line.line_id, 0))
        ]
        return self.route(order, wanted, levels)

    def route(
        self,
        order: _SimulatedOrder,
        wanted: Sequence[Wanted],
        levels: Levels,
    ) -> tuple[Demand, Plan]:
        placed = order.placed
        wanted_ids = {line_id for line_id, _, _ in wanted}
        skus = skus_taken(line for line in order.lines if line.line_id in wanted_ids)
        available = self._available(skus, placed.terms.channel, levels)
        at, lines = placed.placed_at, order.lines
        area = placed.postal_area
        sourcing = Sourcing(placed.order_id, placed.terms, "backtest", at, order.kits, area, lines)
        demand = demand_of(sourcing, wanted, available, cast(Given, self._given))
        ranking = rank(demand, self.rules)
        plan = fill(wanted, available, demand, ranking, self.rules, order.kits)
        self._book(order, plan, day_of(placed.placed_at))
        return demand, plan

    def _available(
        self,
        skus: Iterable[str],
        channel: str,
        levels: Levels,
    ) -> Available:
        sold_at, available = self._present.places_of(channel), {}
        for sku in skus:
            taken, product = self.taken.get(sku, {}), self._present.products.get(sku)
            of_sku = levels.get(sku, {})
            free = {
                code: of_sku[code].free
                - taken.get(code, 0)
                - (product.safety_stock_of(code) if product else 0)
                for code in self._present.priority
                if code in of_sku and code in sold_at
            }
            keep_for_waiting(free, self.waiting.get(sku, 0))
            available[sku] = free
        return available

    def _book(self, order: _SimulatedOrder, plan: Plan, day: str) -> None:
        units: dict[str, int] = {}
        self.book_as_done(plan.allocations, order.kits, 1)
        for a in plan.allocations:
            add_units(order.at.setdefault(a.line_id, {}), a.location, a.quantity)
            add_units(units, a.location, a.quantity)
        for s in plan.shortages:
            missing = s.requested - s.available
            add_units(order.waiting, s.line_id, missing)
            self._wait(order, s.line_id, s.sku, missing)
        for code, routed in units.items():
            load = self._given.state(LocationLoad, code)
            load.apply(UnitsRouted(code, day, routed))

    def book_as_done(self, allocations: Iterable[Allocation], kits: Kits, sign: int) -> None:
        """Units of an order that is not routed again."""
        for _, sku, location, units in units_taken(allocations, kits):
            add_units(self.taken.setdefault(sku, {}), location, sign * units)

    def _wait(self, order: _SimulatedOrder, line_id: str, sku: str, units: int) -> None:
        """A line waits for so many units more, or below 0 fewer."""
        for each in units_taken([Backorder(line_id, sku, "", units)], order.kits):
            add_units(self.waiting, each.sku, each.quantity)

    def free(self, order_id: str, line_id: str, sku: str, units: int) -> None:
        """Give up units of a line: those that wait first."""
        order = self._orders[order_id]
        given_up = min(units, order.waiting.get(line_id, 0))
        if given_up:
            add_units(order.waiting, line_id, -given_up)
            self._wait(order, line_id, sku, -given_up)
            units -= given_up
        places = order.at.get(line_id, {})
        for code in reversed(list(places)):
            given_up = min(units, places[code])
            if not given_up:
                continue
            add_units(places, code, -given_up)
            self.book_as_done([Allocation(line_id, sku, code, given_up)], order.kits, -1)
            units -= given_up

    def fill_waiting(
        self,
        order_id: str,
        skus: Mapping[str, str],
        levels: Levels,
    ) -> None:
        """Route what an order waits for, when its backorders were filled."""
        order = self._orders[order_id]
        wanted = [(line, skus[line], units) for line, units in order.waiting.items() if units]
        for line_id, sku, units in wanted:
            add_units(order.waiting, line_id, -units)
            self._wait(order, line_id, sku, -units)
        if wanted:
            self.route(order, wanted, levels)

    def more(
        self,
        order_id: str,
        wanted: Sequence[Wanted],
        levels: Levels,
        lines: Sequence[OrderLine] = (),
    ) -> None:
        """Route further units of an order; `lines` are those that an edit adds or changes."""
        order = self._orders[order_id]
        order.lines = (*order.lines, *lines)
        order.kits |= kits_of(lines)
        if wanted:
            self.route(order, wanted, levels)


def add_units(counters: dict[str, int], key: str, units: int) -> None:
    counters[key] = counters.get(key, 0) + units
