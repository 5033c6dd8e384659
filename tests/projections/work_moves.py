"""Moves of the made-up shop that concern fulfilment orders."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from oms_ledger.domain.fulfilments.events import (
    FulfilmentAbsorbed,
    FulfilmentAccepted,
    FulfilmentDue,
    FulfilmentEvent,
    FulfilmentHeld,
    FulfilmentHoldReleased,
    FulfilmentMerged,
    FulfilmentMoved,
    FulfilmentOpened,
    FulfilmentOverdue,
    FulfilmentPicked,
    FulfilmentPickedUp,
    FulfilmentPutBack,
    FulfilmentReadyForPickup,
    FulfilmentRejected,
    FulfilmentScheduled,
    FulfilmentSplit,
    PickedLine,
)
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.identifiers import fulfilment_id_of
from oms_ledger.domain.orders.events import BackordersAllocated, FulfilmentReleased
from oms_ledger.domain.orders.lines import Allocation, LineQuantity
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import StockAllocated, StockReleased

if TYPE_CHECKING:
    from tests.projections.histories import Shop


def work(shop: Shop) -> None:
    """Now and then something happens to a fulfilment order, by a chance of its own, so that the
    other moves are the same without it."""
    chance = random.Random(len(shop.events))
    orders = [o for o in shop.orders.values() if o.confirmed and not o.scheduled]
    begun = [o for o in orders if o.released]
    some = begun if begun and chance.random() < 0.7 else orders
    order = chance.choice(some) if some and chance.random() < 0.8 else None
    if order is None or order.placed is None:
        return
    held = [
        (line_id, where) for line_id, line in order.lines.items() for where in line.allocated_at
    ]
    if not held:
        return
    line_id, where = chance.choice(held)
    fulfilment_id = fulfilment_id_of(order.placed.order_id, where)
    if fulfilment_id not in shop.works:
        _happens(shop, opened(order, fulfilment_id, where))
        if not order.released:
            shop.happens(order, FulfilmentReleased(order.placed.order_id, fulfilment_id))
        return
    if chance.random() < 0.2:
        _move(shop, order, fulfilment_id, line_id, where)
        return
    for event in _next(shop, order, fulfilment_id, line_id, chance):
        _happens(shop, event)


def opened(
    order: Order, fulfilment_id: str, where: str, lines: tuple[LineQuantity, ...] = ()
) -> FulfilmentOpened:
    placed = order.first_event
    return FulfilmentOpened(
        fulfilment_id,
        placed.order_id,
        placed.number,
        placed.terms.channel,
        where,
        placed.placed_at,
        order.ship_by,
        lines=lines,
    )


def _happens(shop: Shop, event: FulfilmentEvent) -> None:
    shop.works.setdefault(event.fulfilment_id, Fulfilment()).apply(event)
    shop.events.append(event)


def _next(
    shop: Shop, order: Order, fulfilment_id: str, line_id: str, chance: random.Random
) -> tuple[FulfilmentEvent, ...]:
    """Events that the fulfilment order can have now."""
    state, unit = shop.works[fulfilment_id], (LineQuantity(line_id, 1),)
    sku, part = order.lines[line_id].line.sku, f"{fulfilment_id}~2"
    shipment_id = f"w{len(shop.events)}"
    split = (
        (FulfilmentSplit(fulfilment_id, part, unit), opened(order, part, "LON", unit))
        if part not in shop.works
        else (
            FulfilmentMerged(fulfilment_id, part, unit),
            FulfilmentAbsorbed(part, fulfilment_id, unit),
        )
    )
    hold: FulfilmentEvent = (
        FulfilmentHeld(fulfilment_id, "damaged")
        if state.held is None
        else FulfilmentHoldReleased(fulfilment_id)
    )
    wait: FulfilmentEvent = (
        FulfilmentScheduled(fulfilment_id, order.deliver_by)
        if state.not_before is None
        else FulfilmentDue(fulfilment_id)
    )
    pickup: FulfilmentEvent = (
        FulfilmentPickedUp(fulfilment_id, state.waiting[0])
        if state.waiting
        else FulfilmentReadyForPickup(fulfilment_id, shipment_id)
    )
    others: tuple[FulfilmentEvent, ...] = (
        FulfilmentAccepted(fulfilment_id),
        FulfilmentRejected(fulfilment_id, "closed"),
        FulfilmentPicked(fulfilment_id, (PickedLine(line_id, sku, 1),), unit),
        FulfilmentPutBack(fulfilment_id, unit),
        FulfilmentOverdue(fulfilment_id, order.ship_by, 1),
    )
    return chance.choice(((hold,), (wait,), (pickup,), split, *((each,) for each in others)))


def _move(shop: Shop, order: Order, fulfilment_id: str, line_id: str, where: str) -> None:
    """A unit gets stock of the other location."""
    order_id, sku = order.first_event.order_id, order.lines[line_id].line.sku
    there = "MAN" if where == "LON" else "LON"
    _happens(shop, FulfilmentMoved(fulfilment_id, there, (LineQuantity(line_id, 1),)))
    shop.happens(
        order,
        BackordersAllocated(
            order_id,
            (Allocation(line_id, sku, there, 1),),
            (),
            (Allocation(line_id, sku, where, 1),),
        ),
        StockReleased(sku, where, 1, order_id, line_id),
        StockAllocated(sku, there, 1, order_id, line_id),
    )
