"""Figures of routed orders: parcels, splits, distance, cost, shortages and load."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.figures.ratios import ratio
from oms_ledger.domain.money import to_text
from oms_ledger.domain.routing.demand import Demand
from oms_ledger.domain.routing.events import RoutingRule
from oms_ledger.domain.routing.fill import units_by_place
from oms_ledger.domain.routing.rank import metres_to, parcel_cost
from oms_ledger.domain.stock.movements import day_of
from oms_ledger.domain.stock.rules import Plan
from oms_ledger.kernel import Json, S


class States(Protocol):
    """Gives the states of locations."""

    def state(self, kind: type[S], key: str) -> S: ...


@dataclass(slots=True)
class RoutingFigures:
    """Sums over orders as they were placed. A parcel is what one place sends of one order.
    `metres` is the sum over the `measured` parcels, `cost` (minor units) over the `costed` ones.
    `over_capacity`: units beyond the capacity of a place and day."""

    orders: int = 0
    split_orders: int = 0
    parcels: int = 0
    units: int = 0
    short_orders: int = 0
    short_units: int = 0
    measured: int = 0
    metres: int = 0
    costed: int = 0
    cost: int = 0
    over_capacity: int = 0
    by_location: dict[str, list[int]] = field(default_factory=dict)
    days: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(
        self,
        demand: Demand,
        plan: Plan,
        states: States,
        placed_at: datetime,
        costs: RoutingRule | None,
    ) -> None:
        """Count an order: what it needs, and where that comes from. `costs` is the rule with
        the costs of a parcel."""
        units = units_by_place(plan.allocations)
        short = sum(s.requested - s.available for s in plan.shortages)
        self.orders += 1
        self.parcels += len(units)
        self.split_orders += len(units) > 1
        self.units += sum(units.values())
        self.short_orders += short > 0
        self.short_units += short
        for code, quantity in units.items():
            self._add_parcel(code, quantity, demand, states, placed_at, costs)

    def _add_parcel(
        self,
        code: str,
        quantity: int,
        demand: Demand,
        states: States,
        placed_at: datetime,
        costs: RoutingRule | None,
    ) -> None:
        defined = states.state(Location, code).defined
        totals = self.by_location.setdefault(code, [0, 0])
        totals[0] += 1
        totals[1] += quantity
        metres = metres_to(demand, defined.point if defined else None)
        if metres is not None:
            self.measured += 1
            self.metres += metres
        cost = parcel_cost(costs, code, metres, quantity) if costs is not None else None
        if cost is not None:
            self.costed += 1
            self.cost += cost
        if defined is not None and defined.daily_capacity is not None:
            day = (code, day_of(placed_at))
            before = self.days.get(day, 0)
            self.days[day] = before + quantity
            self.over_capacity += max(0, before + quantity - defined.daily_capacity) - max(
                0, before - defined.daily_capacity
            )


def figures_view(figures: RoutingFigures, currency: str | None) -> dict[str, Json]:
    """`currency` is that of the rule about costs; None without one."""
    f = figures
    return {
        "orders": f.orders,
        "parcels": f.parcels,
        "split_orders": f.split_orders,
        "split_rate": ratio(f.split_orders, f.orders),
        "parcels_per_order": ratio(f.parcels, f.orders),
        "units": f.units,
        "short_orders": f.short_orders,
        "short_units": f.short_units,
        "measured_parcels": f.measured,
        "km": round(f.metres / 1000, 1),
        "km_per_parcel": ratio(f.metres / 1000, f.measured),
        "costed_parcels": f.costed,
        "cost": to_text(f.cost, currency) if currency and f.costed else None,
        "currency": currency,
        "units_over_capacity": f.over_capacity,
        "locations": [
            {"location": code, "parcels": parcels, "units": units}
            for code, (parcels, units) in sorted(f.by_location.items())
        ],
    }
