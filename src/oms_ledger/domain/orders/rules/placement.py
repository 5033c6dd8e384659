"""The decision behind placing an order: who gets which stock, and which events say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld, OrderPlaced
from oms_ledger.domain.orders.lines import Backorder, OrderLine
from oms_ledger.domain.orders.promise import promised_times
from oms_ledger.domain.orders.rules.numbers import next_number
from oms_ledger.domain.orders.rules.preorders import (
    preorder_time,
    preorders_of,
    refuse_above_cap,
)
from oms_ledger.domain.orders.rules.schedule import release_if_due
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import Personal, change_personal, same_person
from oms_ledger.domain.reservations.rules import (
    allocate_held,
    combined,
    refuse_other_channel,
    reservation_used,
    rest_of,
)
from oms_ledger.domain.reservations.state import active_reservation
from oms_ledger.domain.routing.source import Sourcing, source
from oms_ledger.domain.stock.rules import (
    Kits,
    Plan,
    Shortage,
    StockOfSkus,
    backordered_units,
    insufficient,
    kits_of,
    locations_of,
    sellable_units,
    skus_taken,
    stock_allocated,
    stock_backordered,
    stock_by_location,
    units_taken,
)
from oms_ledger.domain.texts import composed
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given


def place(
    order_id: str,
    terms: OrderTerms,
    ctx: Context,
    given: Given,
    *,
    confirm: bool = False,
    sensitive: bool = False,
    holds: Sequence[OrderHeld] = (),
    reservation_id: str | None = None,
    postal_area: str | None = None,
) -> Sequence[Change]:
    """The events of a new order, with the `holds` that it begins with, and with the units of the
    reservation. If the same order exists
    already, the one that confirms it where that is wanted and still to do, or none. `Refused` with
    `insufficient_stock`, `unknown_location`, `external_id_reused`, and for the reservation
    `illegal_transition` or `wrong_channel`."""
    before = placed_before(order_id, terms, given, confirm=confirm, sensitive=sensitive)
    if before is not None:
        return before
    number, numbered = next_number(terms.channel, order_id, given)
    placed_at = terms.placed_at or ctx.now
    order = OrderPlaced(
        order_id,
        number,
        terms,
        placed_at,
        *promised_times(terms, placed_at),
        sensitive=sensitive,
        postal_area=postal_area,
    )
    return [
        numbered,
        *placement(order, ctx, given, confirm=confirm, holds=holds, reservation_id=reservation_id),
    ]


def placed_before(
    order_id: str, terms: OrderTerms, given: Given, *, confirm: bool, sensitive: bool
) -> Sequence[Change] | None:
    """None for an order that is not there. Where it is, what is still to do: the event that
    confirms it, or none. `Refused` with `external_id_reused`."""
    order = given.state(Order, order_id)
    if order.placed is None:
        return None
    _check_same(order.placed, terms, sensitive=sensitive)
    waits = order.statuses.order == "pending"
    return [Change(OrderConfirmed(order_id))] if confirm and waits else ()


def placement(
    order: OrderPlaced,
    ctx: Context,
    given: Given,
    *,
    confirm: bool,
    holds: Sequence[OrderHeld] = (),
    reservation_id: str | None = None,
) -> Sequence[Change]:
    """The events that place an order with stock. `order` has everything but the stock that it
    gets: what the reservation holds for it, and more where that is not enough. `Refused` as in
    `place`."""
    order_id, terms = order.order_id, order.terms
    wanted = [(line.line_id, line.sku, line.quantity) for line in terms.lines if line.stocked]
    kits = kits_of(terms.lines)
    stock = stock_by_location(given, skus_taken(terms.lines))
    available = sellable_units(given, stock, terms.channel)
    area = order.postal_area
    sourcing = Sourcing(order_id, terms, "placement", ctx.now, kits, area, is_new=True)
    reserved = None
    if reservation_id is None:
        sourced = source(sourcing, wanted, available, given)
        plan = sourced.plan
    else:
        reserved, _ = active_reservation(given, reservation_id, ctx.now, "used")
        refuse_other_channel(reserved, terms.channel)
        first = allocate_held(wanted, reserved.held, kits)
        sourced = source(sourcing, rest_of(first), available, given)
        plan = combined(wanted, first, sourced.plan)
    if wanted and not plan.allocations:
        refuse_without_locations(given)
    backorders = backorders_of(plan.shortages, terms, stock, given, kits, ctx.now)
    ship_by, deliver_by = order.ship_by, order.deliver_by
    if (available_at := preorder_time(backorders)) is not None:
        ship_by, deliver_by = promised_times(terms, max(order.placed_at, available_at))
    placed = replace(
        order,
        ship_by=ship_by,
        deliver_by=deliver_by,
        allocations=tuple(plan.allocations),
        backorders=backorders,
        sensitive=order.sensitive or has_sensitive(terms.lines, given),
    )
    changes = [Change(placed), *stock_taken(order_id, plan, backorders, kits)]
    if confirm:
        changes.append(Change(OrderConfirmed(order_id)))
    changes += [Change(hold) for hold in holds]
    changes += sourced.decision
    return [
        *(reservation_used(reserved, order_id) if reserved is not None else ()),
        *dated(changes, terms.placed_at, ctx, "placed_at"),
        *release_if_due(order_id, terms, ctx, terms.placed_at),
    ]


def _check_same(placed: OrderPlaced, terms: OrderTerms, *, sensitive: bool) -> None:
    """`Refused` with `external_id_reused` where the content differs. `sensitive` must not be
    added, since the stored order would not be; it may be left out, since a product may set it."""
    first, again = _comparable(placed.terms), _comparable(terms)
    if not same_person(first, again):  # erased since: the person cannot be compared any more
        first, again = _without_persons(first), _without_persons(again)
    if first != again or (sensitive and not placed.sensitive):
        raise Refused(
            f"Order {placed.number} of channel {terms.channel} has external id"
            f" {terms.external_id!r} and other content. Use another external id for another order.",
            code="external_id_reused",
        )


def _comparable(terms: OrderTerms) -> OrderTerms:
    """The terms without what followed from the products, which may have changed since, and without
    regard to the case of the channel and the form of texts."""
    customer, address = terms.customer, terms.shipping_address
    return replace(
        terms,
        channel=channel_key(terms.channel),
        external_id=_composed(terms.external_id),
        lines=tuple(
            replace(
                line,
                stocked=True,
                components=(),
                unit=None,
                sku=composed(line.sku),
                title=_composed(line.title),
            )
            for line in terms.lines
        ),
        customer=customer and replace(customer, id=_composed(customer.id)),
        shipping_address=address
        and replace(address, city=_composed(address.city), region=_composed(address.region)),
    )


def _composed(text: str | None) -> str | None:
    return None if text is None else composed(text)


def _without_persons(terms: OrderTerms) -> OrderTerms:
    return change_personal(terms, lambda value, name: Personal(""))


def has_sensitive(lines: Iterable[OrderLine], given: Given) -> bool:
    """Whether a product of the lines, or a component of a kit, is sensitive."""
    for line in lines:
        skus = (line.sku, *(each.sku for each in line.components))
        if any(given.state(Product, sku).sensitive for sku in skus):
            return True
    return False


def refuse_without_locations(given: Given) -> None:
    if not given.all(Location):
        raise Refused(
            "There is no location to ship from. Define one with PUT /v1/locations/{code}.",
            code="unknown_location",
        )


def backorders_of(
    shortages: Sequence[Shortage],
    terms: OrderTerms,
    stock: StockOfSkus,
    given: Given,
    kits: Kits,
    now: datetime | None,
    released: Iterable[Backorder] = (),
) -> tuple[Backorder, ...]:
    """What is short, promised all the same; or the refusal, naming every line at fault. `terms`
    are the order's; `released` are backorders that it gives up at the same time. A kit is promised
    whole, within the limits of its components. What is sold as a preorder is promised within its
    cap, whatever the terms and the limit say; nothing is where `now` is None, of a past order."""
    if not shortages:
        return ()
    released = tuple(released)
    sold = {} if now is None else preorders_of(shortages, kits, given, now)
    others = [s for s in shortages if s.line_id not in sold] if sold else shortages
    if others and terms.backorder != "allow":
        raise insufficient(others, "Order what there is, or allow backorders.")
    first = locations_of(terms.channel, given)[0]
    backorders = tuple(
        Backorder(s.line_id, s.sku, first, s.requested - s.available, sold.get(s.line_id))
        for s in shortages
    )
    if sold:
        refuse_above_cap(shortages, backorders, released, stock, given)
    _refuse_above_limit(others, backorders, released, stock, given, kits)
    return backorders


def _refuse_above_limit(
    shortages: Sequence[Shortage],
    backorders: Sequence[Backorder],
    released: Iterable[Backorder],
    stock: StockOfSkus,
    given: Given,
    kits: Kits,
) -> None:
    """`Refused` with `insufficient_stock` where ordinary backorders are more than a limit."""
    backorders = [each for each in backorders if each.preorder is None]
    short: dict[str, int] = {}
    for _, sku, _, units in units_taken(backorders, kits):
        short[sku] = short.get(sku, 0) + units
    for _, sku, _, units in units_taken(released, kits):
        short[sku] = short.get(sku, 0) - units
    over = {sku for sku, units in short.items() if _over_limit(sku, units, stock, given)}
    faults = [
        shortage
        for shortage, backorder in zip(shortages, backorders, strict=True)
        if any(sku in over for _, sku, _, _ in units_taken([backorder], kits))
    ]
    if faults:
        raise insufficient(faults, "Its backorder limit is reached: order less of it.")


def _over_limit(sku: str, short: int, stock: StockOfSkus, given: Given) -> bool:
    product = given.state(Product, sku).defined
    if product is None or product.backorder_limit is None:
        return False
    return backordered_units(stock.get(sku, {})) + short > product.backorder_limit


def stock_taken(
    order_id: str, plan: Plan, backorders: Sequence[Backorder], kits: Kits
) -> list[Change]:
    """The events of the stock that an order takes, and of what it waits for."""
    return stock_allocated(order_id, plan.allocations, kits) + stock_backordered(
        order_id, backorders, kits
    )
