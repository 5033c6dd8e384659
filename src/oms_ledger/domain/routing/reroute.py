"""Routing anew: units that an order has at one place are to come from another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from oms_ledger.domain.guards import stock_of_lines
from oms_ledger.domain.orders.events import BackordersAllocated
from oms_ledger.domain.orders.lines import Allocation, Backorder
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.routing.source import Sourcing, routing_refs, source, without
from oms_ledger.domain.stock.rules import (
    Shortage,
    backorder_refs,
    give_back,
    kits_of,
    locations_of,
    sellable_units,
    skus_taken,
    stock_allocated,
    stock_backordered,
    stock_by_location,
    stock_group_refs,
    stock_released,
    units_taken,
)
from oms_ledger.kernel import Change, Context, Given, Ref


@dataclass(frozen=True, slots=True)
class Rerouted:
    """What has moved: `released` where it was, to `allocations` and `backorders`. `kept` are the
    units that stay, since no other place has them. `changes` are the events; none where nothing
    moves."""

    released: tuple[Allocation, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    backorders: tuple[Backorder, ...] = ()
    kept: tuple[Allocation, ...] = ()
    changes: tuple[Change, ...] = ()


def reroute(
    order: Order,
    moved: Sequence[Allocation],
    excluded: Collection[str],
    cause: str,
    ctx: Context,
    given: Given,
    *,
    skipped: Collection[str] = (),
    keep: bool = False,
    keep_excluded: bool = False,
) -> Rerouted:
    """New places for `moved`, units that are allocated to the order and not packed; none of the
    `excluded` ones, and nothing of the order any more if its channel has rules, or with
    `keep_excluded`; none of the `skipped` ones, which may send units later. What no other place has
    is backordered, or with `keep` stays where it is. `ValueError` for units that are not
    allocated."""
    _check(order, moved)
    order_id, channel = order.first_event.order_id, order.terms.channel
    kits = kits_of(p.line for p in order.lines.values())
    units = list(units_taken(moved, kits))
    stock = stock_by_location(given, {each.sku for each in units})
    available = without(sellable_units(given, stock, channel), skipped)
    give_back(available, units, stock)
    sourcing = Sourcing(
        order_id,
        order.terms,
        cause,
        ctx.now,
        kits,
        order.postal_area,
        excluded=tuple(sorted(excluded)),
        keeps_excluded=keep_excluded and bool(excluded),
    )
    sourced = source(sourcing, _wanted(moved), available, given)
    plan = sourced.plan
    kept = _kept(moved, plan.shortages) if keep else []
    released, allocations = _net(_less(moved, kept), plan.allocations)
    backorders = [] if keep else _backorders(plan.shortages, channel, excluded, given)
    if not released:
        return Rerouted(kept=tuple(kept))
    event = BackordersAllocated(
        order_id, tuple(allocations), (), tuple(released), tuple(backorders)
    )
    changes = [
        Change(event),
        *stock_released(order_id, released, kits),
        *stock_allocated(order_id, allocations, kits),
        *stock_backordered(order_id, backorders, kits),
        *sourced.decision,
    ]
    return Rerouted(
        event.released, event.allocations, event.backorders, tuple(kept), tuple(changes)
    )


def reroute_refs(order_id: str, given: Given) -> list[Ref]:
    """What `reroute` reads of an order, all of whose lines may move."""
    order = given.state(Order, order_id)
    refs: list[Ref] = [(Order, order_id)]
    if order.placed is None:
        return refs
    terms = order.terms
    skus = skus_taken(p.line for p in order.lines.values() if p.allocated_at)
    refs += stock_of_lines(order)
    refs += [ref for sku in skus for ref in stock_group_refs(sku)]
    refs += backorder_refs(skus, terms.channel, given)
    return refs + routing_refs(terms.channel, terms.country, skus, given, order_id)


def allocated_units(order: Order, locations: Collection[str] | None = None) -> list[Allocation]:
    """The units of an order that are allocated and not packed: those at these locations, or
    all."""
    return [
        Allocation(line_id, progress.line.sku, location, units)
        for line_id, progress in order.lines.items()
        for location, units in progress.allocated_at.items()
        if locations is None or location in locations
    ]


def _check(order: Order, moved: Iterable[Allocation]) -> None:
    there = {(a.line_id, a.location): a.quantity for a in allocated_units(order)}
    for a in moved:
        left = there.get((a.line_id, a.location), 0) - a.quantity
        if left < 0:
            raise ValueError(f"line {a.line_id} has too few units at {a.location}")
        there[a.line_id, a.location] = left


def _wanted(moved: Iterable[Allocation]) -> list[tuple[str, str, int]]:
    units: dict[tuple[str, str], int] = {}
    for a in moved:
        units[a.line_id, a.sku] = units.get((a.line_id, a.sku), 0) + a.quantity
    return [(*line, quantity) for line, quantity in units.items()]


def _kept(moved: Sequence[Allocation], shortages: Iterable[Shortage]) -> list[Allocation]:
    """The units of each short line that stay: the last ones of it."""
    short = {s.line_id: s.requested - s.available for s in shortages}
    kept: list[Allocation] = []
    for a in reversed(moved):
        if units := min(a.quantity, short.get(a.line_id, 0)):
            short[a.line_id] -= units
            kept.append(Allocation(a.line_id, a.sku, a.location, units))
    return kept[::-1]


def _less(moved: Iterable[Allocation], kept: Iterable[Allocation]) -> list[Allocation]:
    units = {(a.line_id, a.location): a.quantity for a in kept}
    left: list[Allocation] = []
    for a in moved:
        if quantity := a.quantity - units.get((a.line_id, a.location), 0):
            left.append(Allocation(a.line_id, a.sku, a.location, quantity))
    return left


def _net(
    released: Iterable[Allocation], allocations: Iterable[Allocation]
) -> tuple[list[Allocation], list[Allocation]]:
    """Both without the units of a line that are allocated where they were."""
    released, allocations = list(released), list(allocations)
    back = {(a.line_id, a.location): a.quantity for a in released}
    to = {(a.line_id, a.location): a.quantity for a in allocations}
    same = {key: min(units, to[key]) for key, units in back.items() if key in to}
    unchanged = [
        Allocation(line_id, "", location, units) for (line_id, location), units in same.items()
    ]
    return _less(released, unchanged), _less(allocations, unchanged)


def _backorders(
    shortages: Iterable[Shortage], channel: str, excluded: Collection[str], given: Given
) -> list[Backorder]:
    """Units that no place has wait at the channel's first location that is not excluded."""
    codes = locations_of(channel, given)
    first = next((code for code in codes if code not in excluded), codes[0] if codes else "")
    return [Backorder(s.line_id, s.sku, first, s.requested - s.available) for s in shortages]
