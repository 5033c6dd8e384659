"""What is sold before it is there: which lines, up to which cap, and for when it is promised."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from oms_ledger.domain.catalogue.events import PreorderPromise
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.orders.promise import promise_by_service
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import PreorderRescheduled
from oms_ledger.domain.stock.rules import Kits, Shortage, StockOfSkus, insufficient
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given


def preorders_of(
    shortages: Iterable[Shortage], kits: Kits, given: Given, now: datetime
) -> Mapping[str, PreorderPromise]:
    """By line id the promise of each line whose product is sold as a preorder now. Kits are not."""
    sold: dict[str, PreorderPromise] = {}
    for shortage in shortages:
        preorder = given.state(Product, shortage.sku).preorder
        if preorder is not None and now < preorder.available_at and shortage.line_id not in kits:
            sold[shortage.line_id] = preorder.promise
    return sold


def preordered_units(preorder_id: str, levels: Collection[StockLevel]) -> int:
    """Units of a SKU that were sold under a preorder and not given up, over all locations."""
    return sum(each.preordered for each in levels if each.preorder_id == preorder_id)


def preorder_time(backorders: Iterable[Backorder]) -> datetime | None:
    """When all that is sold as a preorder is to be there; None where nothing is."""
    return max((b.preorder.available_at for b in backorders if b.preorder), default=None)


def moved_promise(
    order: Order,
    ship_by: datetime | None,
    deliver_by: datetime | None,
    backorders: Iterable[Backorder],
) -> tuple[datetime | None, datetime | None]:
    """The new promise of an edit by which units are sold as a preorder: what the edit itself
    promises, or later than before where they are to be there too late for that. None: as it is."""
    available_at = preorder_time(backorders)
    if available_at is None:
        return ship_by, deliver_by
    to_ship, to_deliver = promise_by_service(order.terms, available_at)
    return (
        ship_by or (to_ship if to_ship > order.ship_by else None),
        deliver_by or (to_deliver if to_deliver > order.deliver_by else None),
    )


def reschedule_preorders(order: Order, edit_id: str, given: Given) -> Sequence[Change]:
    """The events by which units that wait as a preorder are promised for the time that their
    products have now; none where they are already. The order's promise follows, but is not before
    the times that were agreed when it was placed."""
    moved = {
        line_id: preorder.promise
        for line_id, p in order.lines.items()
        if p.preordered and p.preorder and (preorder := given.state(Product, p.line.sku).preorder)
        if p.preorder.preorder_id == preorder.preorder_id and p.preorder != preorder.promise
    }
    if not moved:
        return ()
    placed, terms = order.first_event, order.terms
    latest = max(
        moved.get(line_id, p.preorder).available_at
        for line_id, p in order.lines.items()
        if p.preordered and p.preorder
    )
    to_ship, to_deliver = promise_by_service(terms, max(placed.placed_at, latest))
    if (agreed := placed.terms.promised_ship_at) is not None:
        to_ship = max(agreed, latest)
    if (agreed := placed.terms.promised_delivery_at) is not None:
        to_deliver = max(agreed, latest)
    waiting = [
        Backorder(line_id, order.lines[line_id].line.sku, at, units, promise)
        for line_id, promise in moved.items()
        for at, units in order.lines[line_id].preordered_at.items()
    ]
    total = terms.total
    edited = OrderEdited(
        placed.order_id,
        edit_id,
        terms.currency,
        total_before=total,
        total_after=total,
        difference=0,
        ship_by=to_ship if to_ship != order.ship_by else None,
        deliver_by=to_deliver if to_deliver != order.deliver_by else None,
        notify_customer=True,
        rescheduled=tuple(waiting),
    )
    return [
        Change(edited),
        *(
            Change(
                PreorderRescheduled(
                    b.sku, b.location, b.quantity, placed.order_id, b.line_id, moved[b.line_id]
                )
            )
            for b in waiting
        ),
    ]


def refuse_above_cap(
    shortages: Iterable[Shortage],
    backorders: Iterable[Backorder],
    released: Iterable[Backorder],
    stock: StockOfSkus,
    given: Given,
) -> None:
    """`Refused` with `insufficient_stock`, naming each line at fault, where more units are sold as
    a preorder than its cap has left. `released` are units that the order gives up at the same
    time."""
    left: dict[str, int] = {}
    for each in backorders:
        preorder = given.state(Product, each.sku).preorder
        if each.preorder is not None and preorder is not None and each.sku not in left:
            levels = stock.get(each.sku, {}).values()
            left[each.sku] = preorder.cap - preordered_units(preorder.preorder_id, levels)
    for each in released:
        preorder = given.state(Product, each.sku).preorder
        if each.preorder and preorder and each.preorder.preorder_id == preorder.preorder_id:
            left[each.sku] = left.get(each.sku, 0) + each.quantity
    faults = _above(shortages, {b.line_id for b in backorders if b.preorder}, left)
    if faults:
        raise insufficient(faults, "The cap of its preorder is reached: order less of it.")


def _above(
    shortages: Iterable[Shortage], sold: Collection[str], left: dict[str, int]
) -> Sequence[Shortage]:
    """The lines that get less than they want of what is left, which is used up as it goes."""
    faults: list[Shortage] = []
    for each in shortages:
        if each.line_id in sold:
            units = each.requested - each.available
            there = max(0, left[each.sku])
            left[each.sku] -= units
            if units > there:
                faults.append(replace(each, available=each.available + there))
    return faults
