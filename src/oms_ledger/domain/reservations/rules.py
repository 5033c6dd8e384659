"""The decisions behind a reservation: what stock it holds, and what becomes of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import refuse_unknown_skus
from oms_ledger.domain.identifiers import channel_key, stock_key
from oms_ledger.domain.orders.lines import Allocation
from oms_ledger.domain.reservations.events import (
    HeldUnits,
    ReservationCreated,
    ReservationLine,
    ReservationUsed,
)
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.domain.stock.events import StockHeld, StockHoldReleased
from oms_ledger.domain.stock.rules import (
    Available,
    Kits,
    Plan,
    allocate,
    insufficient,
    sellable_units,
    stock_by_location,
    stock_skus,
    units_taken,
)
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given, Json, Ref


def units_to_hold(
    lines: Sequence[ReservationLine], channel: str, given: Given
) -> tuple[HeldUnits, ...]:
    """Where the units of all lines are held: as a new order of the channel would get them, at the
    location that a line names, or anywhere. `Refused` with `unknown_sku`, `not_stocked` or
    `insufficient_stock`, naming each line at fault by its number."""
    numbered = [(str(n), line.sku) for n, line in enumerate(lines, 1)]
    refuse_unknown_skus(numbered, given, then="reserve again")
    _refuse_services(numbered, given)
    kits: dict[str, tuple[Component, ...]] = {}
    for line_id, sku in numbered:
        product = given.state(Product, sku).defined
        if product is not None and product.components:
            kits[line_id] = product.components
    skus = {each for _, sku in numbered for each in stock_skus(sku, given)}
    plan = _planned(lines, sellable_units(given, stock_by_location(given, skus), channel), kits)
    if plan.shortages:
        raise insufficient(plan.shortages, "Reserve what there is.")
    held: dict[tuple[str, str], int] = {}
    for _, sku, location, units in units_taken(plan.allocations, kits):
        held[sku, location] = held.get((sku, location), 0) + units
    return tuple(HeldUnits(sku, location, units) for (sku, location), units in held.items())


def _refuse_services(lines: Iterable[tuple[str, str]], given: Given) -> None:
    services: list[dict[str, Json]] = []
    for line_id, sku in lines:
        product = given.state(Product, sku).defined
        if product is not None and not product.stocked:
            services.append({"line": line_id, "sku": sku})
    if services:
        raise Refused(
            "A service or fee has no stock that could be reserved. Leave it out.",
            code="not_stocked",
            errors=services,
        )


def _planned(lines: Sequence[ReservationLine], available: Available, kits: Kits) -> Plan:
    """Lines that name a location come first: the others may get their units elsewhere."""
    plan = Plan()
    numbered = [(str(n), line) for n, line in enumerate(lines, 1)]
    for line_id, line in sorted(numbered, key=lambda each: each[1].location is None):
        there = available
        if line.location is not None:
            there = {
                sku: {line.location: places.get(line.location, 0)}
                for sku, places in available.items()
            }
        part = allocate([(line_id, line.sku, line.quantity)], there, kits)
        if line.location is not None:
            for sku, places in there.items():
                available[sku][line.location] = places[line.location]
        plan.allocations += part.allocations
        plan.shortages += part.shortages
    plan.shortages.sort(key=lambda shortage: int(shortage.line_id))
    return plan


def held_refs(reservation: Reservation) -> list[Ref]:
    """The stock that a reservation holds."""
    held = reservation.created.held if reservation.created is not None else ()
    return [(StockLevel, stock_key(each.sku, each.location)) for each in held]


def stock_held(created: ReservationCreated) -> list[Change]:
    """The events of the stock that a reservation holds."""
    return [
        Change(StockHeld(each.sku, each.location, each.quantity, created.reservation_id))
        for each in created.held
    ]


def holds_released(created: ReservationCreated) -> list[Change]:
    """The events of the stock that a reservation holds no more."""
    return [
        Change(StockHoldReleased(each.sku, each.location, each.quantity, created.reservation_id))
        for each in created.held
    ]


def reservation_used(created: ReservationCreated, order_id: str) -> list[Change]:
    """The events by which an order is placed with a reservation: what was held is free, for the
    events of the order's stock after them."""
    used = Change(ReservationUsed(created.reservation_id, order_id))
    return [used, *holds_released(created)]


def refuse_other_channel(created: ReservationCreated, channel: str) -> None:
    """`Refused` with `wrong_channel` where the reservation is of another channel than an order."""
    if created.channel is not None and channel_key(created.channel) != channel_key(channel):
        raise Refused(
            f"Reservation {created.reservation_id} was made for channel {created.channel}. Order"
            " through that one, or without it.",
            code="wrong_channel",
        )


def allocate_held(
    wanted: Sequence[tuple[str, str, int]], held: Iterable[HeldUnits], kits: Kits
) -> Plan:
    """As `allocate`, from what a reservation holds."""
    reserved: Available = {}
    for each in held:
        reserved.setdefault(each.sku, {})[each.location] = each.quantity
    return allocate(wanted, reserved, kits)


def rest_of(plan: Plan) -> list[tuple[str, str, int]]:
    """What a plan lacks, as line id, SKU and units."""
    return [(s.line_id, s.sku, s.requested - s.available) for s in plan.shortages]


def combined(wanted: Iterable[tuple[str, str, int]], first: Plan, more: Plan) -> Plan:
    """A plan, and another one for the rest of it, as one for what is `wanted`."""
    units: dict[tuple[str, str, str], int] = {}
    for a in (*first.allocations, *more.allocations):
        key = (a.line_id, a.sku, a.location)
        units[key] = units.get(key, 0) + a.quantity
    order = {line_id: n for n, (line_id, _, _) in enumerate(wanted)}
    in_order = sorted(units.items(), key=lambda item: order[item[0][0]])
    short = {s.line_id: s for s in first.shortages}
    return Plan(
        [Allocation(*key, quantity) for key, quantity in in_order],
        [
            replace(short[s.line_id], available=short[s.line_id].available + s.available)
            for s in more.shortages
        ],
    )
