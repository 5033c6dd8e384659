"""Past orders routed again by other rules, from the ledger, beside what was done with them.

The stock at each place is that of the log: receipts, returns, corrections and transfers as they
happened. Each set of rules has orders of its own in it, so that what one order takes is gone for
the next. Locations, postal areas and settings of channels are those of now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from oms_ledger.domain.catalogue.events import Component, ProductDefined
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.events import (
    BackordersAllocated,
    OrderCancelled,
    OrderEdited,
    OrderPlaced,
    OrderResumed,
)
from oms_ledger.domain.orders.lines import Allocation, LineQuantity
from oms_ledger.domain.routing.demand import Demand
from oms_ledger.domain.routing.events import RoutingRule
from oms_ledger.domain.routing.figures import RoutingFigures
from oms_ledger.domain.routing.fill import Wanted
from oms_ledger.domain.routing.simulation import PresentStates, Simulation, add_units
from oms_ledger.domain.stock.events import (
    STOCK_EVENTS,
    BackorderReleased,
    ShippedDateCorrected,
    StockAllocated,
    StockBackordered,
    StockEvent,
    StockReleased,
    StockShipped,
)
from oms_ledger.domain.stock.rules import NO_KITS, Plan, Shortage, kits_of
from oms_ledger.domain.stock.state import StockLevel, book
from oms_ledger.kernel import Event, Log, Position, Recorded

PAGE = 1000
"""Events that are read at a time."""

OF_ORDERS = (
    StockAllocated,
    StockReleased,
    StockShipped,
    ShippedDateCorrected,
    StockBackordered,
    BackorderReleased,
)
"""Events of stock that follow from orders, which are routed again."""

STOCK = tuple(kind for kind in STOCK_EVENTS if kind not in OF_ORDERS)
ORDERS = (OrderPlaced, OrderCancelled, OrderEdited, OrderResumed, BackordersAllocated)
TYPES = frozenset(kind.type for kind in (*STOCK, *ORDERS, ProductDefined))


@dataclass(frozen=True, slots=True)
class BacktestScope:
    """Which orders: those placed from `placed_from` on and before `placed_to`, of a `channel`, or
    of all where it is None."""

    placed_from: datetime | None = None
    placed_to: datetime | None = None
    channel: str | None = None

    def contains(self, placed: OrderPlaced) -> bool:
        channel = channel_key(placed.terms.channel)
        return (
            (self.channel is None or channel == channel_key(self.channel))
            and (self.placed_from is None or placed.placed_at >= self.placed_from)
            and (self.placed_to is None or placed.placed_at < self.placed_to)
        )


@dataclass(frozen=True, slots=True)
class Backtest:
    """`done` is what was done, `by_rules` what the sets of rules would have done, by name.
    `untracked_orders` were imported without stock, and are in neither."""

    position: Position
    done: RoutingFigures
    by_rules: Mapping[str, RoutingFigures]
    untracked_orders: int


def backtest(
    log: Log,
    rule_sets: Mapping[str, Sequence[RoutingRule]],
    scope: BacktestScope,
    progress: Callable[[Position], None] = lambda position: None,
) -> Backtest:
    """Route the orders of a scope again by each set of rules. `progress` is called with the
    position that is reached, once for each page of the log."""
    costs = next((r for rules in rule_sets.values() for r in rules if r.kind == "cost"), None)
    present = PresentStates(log)
    simulations = {name: Simulation(present, rules) for name, rules in rule_sets.items()}
    replay = _Replay(present, scope, simulations, costs)
    after = 0
    while page := log.events(after, PAGE, TYPES):
        for recorded in page:
            if replay.is_after_scope(recorded):
                break
            replay.apply(recorded.event)
        else:
            after = page[-1].position
            progress(after)
            continue
        break
    progress(log.position)
    figures = {name: each.figures for name, each in simulations.items()}
    return Backtest(log.position, replay.done, figures, replay.untracked_orders)


class _Replay:
    """Applies the events of a log to the stock and to all simulations."""

    def __init__(
        self,
        present: PresentStates,
        scope: BacktestScope,
        simulations: Mapping[str, Simulation],
        costs: RoutingRule | None,
    ) -> None:
        self.done = RoutingFigures()
        self.untracked_orders = 0
        self._present = present
        self._scope = scope
        self._simulations = list(simulations.values())
        self._costs = costs
        self._levels: dict[str, dict[str, StockLevel]] = {}
        self._skus: dict[str, dict[str, str]] = {}
        self._kits: dict[str, dict[str, tuple[Component, ...]]] = {}  # of orders not routed again

    def is_after_scope(self, recorded: Recorded) -> bool:
        """Orders are recorded when or after they are placed: what is recorded after the scope ends
        may still be an import of an older one, so only orders of now end the scope."""
        to, event = self._scope.placed_to, recorded.event
        live = recorded.meta.occurred_at is None
        return to is not None and isinstance(event, OrderPlaced) and live and event.placed_at >= to

    def apply(self, event: Event) -> None:
        match event:
            case ProductDefined():
                self._present.products[event.sku] = event
            case OrderPlaced():
                self._placed(event)
            case OrderCancelled():
                self._freed(event.order_id, event.lines, event.released)
            case OrderEdited():
                self._edited(event)
            case OrderResumed():
                self._resumed(event)
            case BackordersAllocated():
                self._filled(event)
            case _:
                self._stock(cast(StockEvent, event))

    def _stock(self, event: StockEvent) -> None:
        level = self._levels.setdefault(event.sku, {}).setdefault(event.location, StockLevel())
        book(level, event)

    def _placed(self, placed: OrderPlaced) -> None:
        lines = placed.terms.lines
        in_scope = self._scope.contains(placed)
        if not in_scope or _is_untracked(placed):
            self.untracked_orders += in_scope
            if kits := kits_of(lines):
                self._kits[placed.order_id] = dict(kits)
            self._as_done(placed.order_id, placed.allocations)
            return
        self._skus[placed.order_id] = {line.line_id: line.sku for line in lines}
        demand: Demand | None = None
        for simulation in self._simulations:
            demand, plan = simulation.place(placed, self._levels)
            simulation.figures.add(demand, plan, self._present, placed.placed_at, self._costs)
        if demand is None:
            return
        short = [Shortage(b.line_id, b.sku, b.quantity, 0) for b in placed.backorders]
        done = Plan(list(placed.allocations), short)
        self.done.add(demand, done, self._present, placed.placed_at, self._costs)

    def _as_done(self, order_id: str, allocations: Iterable[Allocation], sign: int = 1) -> None:
        kits = self._kits.get(order_id, NO_KITS)
        for simulation in self._simulations:
            simulation.book_as_done(allocations, kits, sign)

    def _freed(
        self, order_id: str, lines: Iterable[LineQuantity], released: Iterable[Allocation]
    ) -> None:
        skus = self._skus.get(order_id)
        if skus is None:
            self._as_done(order_id, released, -1)
            return
        for line in lines:
            for simulation in self._simulations:
                simulation.free(order_id, line.line_id, skus[line.line_id], line.quantity)

    def _edited(self, event: OrderEdited) -> None:
        skus = self._skus.get(event.order_id)
        if skus is None:
            if kits := kits_of(event.added):
                self._kits.setdefault(event.order_id, {}).update(kits)
            self._as_done(event.order_id, event.released, -1)
            self._as_done(event.order_id, event.allocations)
            return
        wanted: list[Wanted] = []
        for line in event.added:
            skus[line.line_id] = line.sku
            if line.stocked:
                wanted.append((line.line_id, line.sku, line.quantity))
        for each in event.changed:
            line, more = each.line, each.line.quantity - each.quantity_before
            if line.stocked and more > 0:
                wanted.append((line.line_id, line.sku, more))
            elif line.stocked and more < 0:
                for simulation in self._simulations:
                    simulation.free(event.order_id, line.line_id, line.sku, -more)
        lines = (*event.added, *(each.line for each in event.changed))
        for simulation in self._simulations:
            simulation.more(event.order_id, wanted, self._levels, lines)

    def _resumed(self, event: OrderResumed) -> None:
        skus = self._skus.get(event.order_id)
        if skus is None:
            self._as_done(event.order_id, event.allocations)
            return
        units: dict[str, int] = {}
        for a in event.allocations:
            add_units(units, a.line_id, a.quantity)
        for b in event.backorders:
            add_units(units, b.line_id, b.quantity)
        wanted = [(line_id, skus[line_id], quantity) for line_id, quantity in units.items()]
        for simulation in self._simulations:
            simulation.more(event.order_id, wanted, self._levels)

    def _filled(self, event: BackordersAllocated) -> None:
        skus = self._skus.get(event.order_id)
        if skus is None:
            self._as_done(event.order_id, event.released, -1)
            self._as_done(event.order_id, event.allocations)
        elif event.backorders_released:
            for simulation in self._simulations:
                simulation.fill_waiting(event.order_id, skus, self._levels)


def _is_untracked(placed: OrderPlaced) -> bool:
    """Whether an order was imported without any stock, as with `stock: skip`."""
    return bool(placed.untracked) and not placed.allocations and not placed.backorders
