"""The decision behind placing an order: who gets which stock, and which events say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from oms_ledger.domain.catalogue.state import Location, Product
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.orders.events import OrderConfirmed, OrderHeld, OrderPlaced
from oms_ledger.domain.orders.lines import Backorder
from oms_ledger.domain.orders.promise import promise
from oms_ledger.domain.orders.rules.numbers import next_number
from oms_ledger.domain.orders.rules.schedule import release_if_due
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.personal import Personal, change_personal, same_person
from oms_ledger.domain.stock.events import StockBackordered
from oms_ledger.domain.stock.rules import (
    Plan,
    Shortage,
    StockOfSkus,
    allocate,
    backordered_units,
    locations_of,
    sellable_units,
    stock_allocated,
    stock_by_location,
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
) -> Sequence[Change]:
    """The events of a new order, with the `holds` that it begins with. If the same order exists
    already, the one that confirms it where that is wanted and still to do, or none. `Refused` with
    `insufficient_stock`, `unknown_location` or `external_id_reused`."""
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
        *promised(terms, placed_at),
        sensitive=sensitive,
    )
    return [numbered, *placement(order, ctx, given, confirm=confirm, holds=holds)]


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


def promised(terms: OrderTerms, placed_at: datetime) -> tuple[datetime, datetime]:
    """By when an order is to be shipped, and to be delivered."""
    service = terms.shipping.service if terms.shipping else None
    ship_by, deliver_by = promise(service, max(placed_at, terms.fulfil_at or placed_at))
    return terms.promised_ship_at or ship_by, terms.promised_delivery_at or deliver_by


def placement(
    order: OrderPlaced,
    ctx: Context,
    given: Given,
    *,
    confirm: bool,
    holds: Sequence[OrderHeld] = (),
) -> Sequence[Change]:
    """The events that place an order with stock. `order` has everything but the stock that it
    gets. `Refused` with `insufficient_stock` or `unknown_location`."""
    order_id, terms = order.order_id, order.terms
    wanted = [(line.line_id, line.sku, line.quantity) for line in terms.lines if line.stocked]
    stock = stock_by_location(given, {sku for _, sku, _ in wanted})
    plan = allocate(wanted, sellable_units(given, stock, terms.channel))
    if wanted and not plan.allocations:
        refuse_without_locations(given)
    backorders = backorders_of(plan.shortages, terms, stock, given)
    placed = replace(
        order,
        allocations=tuple(plan.allocations),
        backorders=backorders,
        sensitive=order.sensitive or is_sensitive(terms, given),
    )
    changes = [Change(placed), *stock_taken(order_id, plan, backorders)]
    if confirm:
        changes.append(Change(OrderConfirmed(order_id)))
    changes += [Change(hold) for hold in holds]
    return [
        *dated(changes, terms.placed_at, ctx, "placed_at"),
        *release_if_due(order_id, terms, ctx, terms.placed_at),
    ]


def is_sensitive(terms: OrderTerms, given: Given) -> bool:
    """Whether any product of these terms makes their order health data."""
    return any(given.state(Product, line.sku).sensitive for line in terms.lines)


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
            replace(line, stocked=True, sku=composed(line.sku), title=_composed(line.title))
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
    released: Iterable[Backorder] = (),
) -> tuple[Backorder, ...]:
    """What is short, promised all the same; or the refusal, naming every line at fault. `terms`
    are the order's; `released` are backorders that it gives up at the same time."""
    if not shortages:
        return ()
    if terms.backorder != "allow":
        raise insufficient(shortages, "Order what there is, or allow backorders.")
    short: dict[str, int] = {}
    for b in released:
        short[b.sku] = short.get(b.sku, 0) - b.quantity
    for s in shortages:
        short[s.sku] = short.get(s.sku, 0) + s.requested - s.available
    over = [s for s in shortages if _over_limit(s.sku, short[s.sku], stock, given)]
    if over:
        raise insufficient(over, "Its backorder limit is reached: order less of it.")
    first = locations_of(terms.channel, given)[0]
    return tuple(Backorder(s.line_id, s.sku, first, s.requested - s.available) for s in shortages)


def _over_limit(sku: str, short: int, stock: StockOfSkus, given: Given) -> bool:
    product = given.state(Product, sku).defined
    if product is None or product.backorder_limit is None:
        return False
    return backordered_units(stock[sku]) + short > product.backorder_limit


def insufficient(shortages: Sequence[Shortage], remedy: str) -> Refused:
    lines = ", ".join(
        f"line {s.line_id} ({s.sku}): {s.available} of {s.requested}" for s in shortages
    )
    return Refused(
        f"Not enough stock. {lines}. {remedy}",
        code="insufficient_stock",
        errors=[
            {"line": s.line_id, "sku": s.sku, "requested": s.requested, "available": s.available}
            for s in shortages
        ],
    )


def stock_taken(order_id: str, plan: Plan, backorders: Sequence[Backorder]) -> list[Change]:
    """The events of the stock that an order takes, and of what it waits for."""
    backordered = [
        Change(StockBackordered(b.sku, b.location, b.quantity, order_id, b.line_id))
        for b in backorders
    ]
    return stock_allocated(order_id, plan.allocations) + backordered
