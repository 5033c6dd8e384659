"""The decision behind editing an order: what may change, and what stock that takes and frees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from msgspec import structs

from oms_ledger.domain.errors import Invalid, Refused, illegal_transition, invalid_field
from oms_ledger.domain.guards import quantities, refuse_unknown_skus
from oms_ledger.domain.money import DIGITS, to_text
from oms_ledger.domain.orders.events import OrderEdited
from oms_ledger.domain.orders.lines import Backorder, LineEdit, OrderLine
from oms_ledger.domain.orders.progress import LineProgress, edited_line
from oms_ledger.domain.orders.rules.cancellation import FreedUnits, units_freed
from oms_ledger.domain.orders.rules.placement import (
    backorders_of,
    has_sensitive,
    refuse_without_locations,
    stock_taken,
)
from oms_ledger.domain.orders.rules.preorders import moved_promise
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.orders.terms import Address, Customer, OrderTerms, ShippingCharge
from oms_ledger.domain.personal import key_of, personal_values
from oms_ledger.domain.routing.source import Sourced, Sourcing, source
from oms_ledger.domain.stock.rules import (
    Kits,
    Plan,
    backorders_released,
    give_back,
    kits_of,
    sellable_units,
    skus_taken,
    stock_by_location,
    stock_released,
    units_taken,
)
from oms_ledger.kernel import Change, Context, Given, Json

T = TypeVar("T")

LINES_MAX = 2000
"""Lines of one order, those that were edited down to nothing included."""

TOTAL_MAX = 10**15
"""What an order may add up to, in whole units of its currency: minor units fit 64 bits."""

PERSONAL_PARTS = ("customer", "shipping_address", "billing_address")


@dataclass(frozen=True, slots=True)
class NewPrice:
    """Minor units; None: as it is."""

    unit_price: int | None = None
    tax: int | None = None
    discount: int | None = None


@dataclass(frozen=True, slots=True)
class WantedEdit:
    """All changes of one edit. `quantities` and `prices` by line id; None: as it is. With
    `is_correction` it changes what is wrong about a person, which is done in ended orders too."""

    edit_id: str
    added: tuple[OrderLine, ...] = ()
    quantities: Mapping[str, int] = field(default_factory=dict)
    prices: Mapping[str, NewPrice] = field(default_factory=dict)
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    postal_area: str | None = None
    shipping: ShippingCharge | None = None
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    note: str | None = None
    notify_customer: bool = False
    is_correction: bool = False


def next_line_id(order: Order) -> int:
    """The number of the next line that is added: above all that the order ever had."""
    return 1 + max((int(each) for each in order.lines if each.isdecimal()), default=0)


def edit(order: Order, wanted: WantedEdit, ctx: Context, given: Given) -> Sequence[Change]:
    """The events of an edit, or none where everything is so already. `Refused` with
    `illegal_transition`, `unknown_line`, `unknown_sku`, `sensitive_product`, `another_person`,
    `over_refund`, `too_many_lines`, `insufficient_stock` or `unknown_location`; `Invalid` where
    amounts cannot be."""
    if not wanted.is_correction:
        _refuse_if_done(order)
    _refuse_lines_added(order, wanted.added, given)
    changed = _changed_lines(order, wanted)
    _refuse_impossible((*wanted.added, *(each.line for each in changed)), order.terms.currency)
    wanted = _only_changed_terms(order, wanted)
    _refuse_another_person(order.terms, wanted)
    _refuse_refunded_shipping(order, wanted.shipping)
    if not changed and not wanted.added and not _has_terms(wanted):
        return ()
    if not wanted.is_correction:
        _refuse_empty(order, changed, wanted.added)
    totals = _totals(order, changed, wanted)
    freed = _freed(order, changed)
    kits = kits_of([*(p.line for p in order.lines.values()), *wanted.added])
    sourced, backorders = _taken(order, changed, wanted, freed, kits, ctx, given)
    ship_by, deliver_by = moved_promise(order, wanted.ship_by, wanted.deliver_by, backorders)
    event = OrderEdited(
        order_id=order.first_event.order_id,
        edit_id=wanted.edit_id,
        currency=order.terms.currency,
        **totals,
        added=wanted.added,
        changed=tuple(changed),
        customer=wanted.customer,
        shipping_address=wanted.shipping_address,
        billing_address=wanted.billing_address,
        shipping=wanted.shipping,
        ship_by=ship_by,
        deliver_by=deliver_by,
        allocations=tuple(sourced.plan.allocations),
        backorders=backorders,
        released=tuple(freed.allocations),
        backorders_released=tuple(freed.backorders),
        note=wanted.note,
        notify_customer=wanted.notify_customer,
        untracked_released=quantities(freed.untracked.items()),
        postal_area=wanted.postal_area if wanted.shipping_address else None,
        rescheduled=(),
    )
    return [
        Change(event),
        *stock_released(event.order_id, freed.allocations, kits),
        *backorders_released(event.order_id, freed.backorders, kits),
        *stock_taken(event.order_id, sourced.plan, backorders, kits),
        *sourced.decision,
    ]


def _refuse_if_done(order: Order) -> None:
    status = order.statuses.order
    if status in ENDED or status == "completed":
        raise illegal_transition(
            "The order", status, "edited", "Place another order for what is wanted now."
        )


def _refuse_lines_added(order: Order, added: Sequence[OrderLine], given: Given) -> None:
    _refuse_too_many(len(order.lines), len(added))
    refuse_unknown_skus([(line.line_id, line.sku) for line in added], given)
    if not order.sensitive:
        _refuse_sensitive(added, given)


def _refuse_too_many(lines: int, added: int) -> None:
    if lines + added > LINES_MAX:
        raise Refused(
            f"An order has at most {LINES_MAX} lines, and this one has {lines}. Place another order"
            " for the rest.",
            code="too_many_lines",
        )


def _refuse_sensitive(added: Sequence[OrderLine], given: Given) -> None:
    sensitive = [line for line in added if has_sensitive([line], given)]
    if sensitive:
        raise Refused(
            "The order was not placed as a sensitive one, and cannot become one. Place another"
            " order for these products.",
            code="sensitive_product",
            errors=[{"line": line.line_id, "sku": line.sku} for line in sensitive],
        )


def _changed_lines(order: Order, wanted: WantedEdit) -> list[LineEdit]:
    """The lines that change; every line at fault is named at once."""
    touched = {*wanted.quantities, *wanted.prices}
    _refuse_unknown_lines(order, touched)
    faults: list[dict[str, Json]] = []
    changed: list[LineEdit] = []
    for line_id, progress in order.lines.items():
        if line_id not in touched:
            continue
        quantity = wanted.quantities.get(line_id, progress.line.quantity)
        price = wanted.prices.get(line_id)
        if fault := _fault(progress, quantity, repriced=price is not None):
            faults.append(fault)
            continue
        line = _line_after(progress, quantity, price)
        if line != progress.line:
            changed.append(LineEdit(line, progress.line.quantity, price is not None))
    _refuse_fixed(faults)
    return changed


def _refuse_unknown_lines(order: Order, line_ids: Collection[str]) -> None:
    if unknown := sorted({*line_ids} - {*order.lines}):
        raise Refused(
            f"The order has no line {', '.join(unknown)}. GET the order to see its lines.",
            code="unknown_line",
            errors=[{"line": line_id} for line_id in unknown],
        )


def _refuse_fixed(faults: Sequence[Mapping[str, Json]]) -> None:
    if faults:
        raise Refused(
            "Some lines cannot be edited so. Units that are packed, shipped, cancelled or refunded"
            " cannot be taken away, and a line that has packed, shipped or refunded ones keeps its"
            " price. Take away fewer units, or cancel the shipment first.",
            code="illegal_transition",
            errors=faults,
        )


def _fault(p: LineProgress, quantity: int, *, repriced: bool) -> dict[str, Json] | None:
    """Why a line cannot get this quantity or another price; `available` units can be taken away."""
    taken_away = p.line.quantity - quantity
    fixed = repriced and (p.packed or p.shipped or p.credited)
    if taken_away <= p.removable and not fixed:
        return None
    fault: dict[str, Json] = {
        "line": p.line.line_id,
        "sku": p.line.sku,
        "requested": max(0, taken_away),
        "available": p.removable,
    }
    return {**fault, "packed": p.packed, "shipped": p.shipped} if fixed else fault


def _line_after(p: LineProgress, quantity: int, price: NewPrice | None) -> OrderLine:
    """The line with this quantity: with a new price, or with tax and discounts in proportion."""
    line = p.line if quantity == p.line.quantity else p.priced.of_quantity(quantity)
    if price is None:
        return line
    if not quantity:
        raise invalid_field(
            "changes", f"Line {line.line_id} has no units left that could have a price."
        )
    return structs.replace(
        line,
        unit_price=line.unit_price if price.unit_price is None else price.unit_price,
        tax=line.tax if price.tax is None else price.tax,
        discount=line.discount if price.discount is None else price.discount,
    )


def _refuse_impossible(lines: Iterable[OrderLine], currency: str) -> None:
    """`Invalid` where a discount or a tax is more than what it is taken of."""
    for line in lines:
        if line.amount < 0:
            raise _too_high(line, "discount", line.discount + line.order_discount, currency)
        if line.tax_included and line.tax > line.goods - line.discount:
            raise _too_high(line, "tax", line.tax, currency)


def _too_high(line: OrderLine, what: str, minor: int, currency: str) -> Invalid:
    return invalid_field(
        "changes",
        f"The {what} of line {line.line_id}, {to_text(minor, currency)}, is more than the amount"
        f" that it is taken of. Write a lower {what}.",
    )


def _only_changed_terms(order: Order, wanted: WantedEdit) -> WantedEdit:
    """The edit without terms that are the order's already."""
    terms = order.terms
    return replace(
        wanted,
        customer=_if_changed(terms.customer, wanted.customer),
        shipping_address=_if_changed(terms.shipping_address, wanted.shipping_address),
        billing_address=_if_changed(terms.billing_address, wanted.billing_address),
        shipping=_if_changed(terms.shipping, wanted.shipping),
        ship_by=_if_changed(order.ship_by, wanted.ship_by),
        deliver_by=_if_changed(order.deliver_by, wanted.deliver_by),
    )


def _if_changed(now: T | None, wanted: T | None) -> T | None:
    return None if wanted == now else wanted


def _has_terms(wanted: WantedEdit) -> bool:
    names = (*PERSONAL_PARTS, "shipping", "ship_by", "deliver_by")
    return any(getattr(wanted, name) is not None for name in names)


def _refuse_another_person(terms: OrderTerms, wanted: WantedEdit) -> None:
    """The personal values of an order belong to one person, so that forgetting them reaches every
    part of the order. `Refused` with `another_person`, naming what would stay of another one."""
    new = [part for name in PERSONAL_PARTS if (part := getattr(wanted, name)) is not None]
    keys = {key_of(value) for part in new for _, value in personal_values(part)}
    customer_id = terms.customer.id if terms.customer else None
    another = wanted.customer is not None and wanted.customer.id != customer_id
    faults: list[dict[str, Json]] = []
    for name in PERSONAL_PARTS:
        if getattr(wanted, name) is not None:
            continue
        values = personal_values(getattr(terms, name))
        if values and (another or (keys and keys != {key_of(value) for _, value in values})):
            faults.append({"part": name})
    if faults:
        parts = ", ".join(f"set_{fault['part']}" for fault in faults)
        raise Refused(
            "What is personal in an order belongs to one person, and this edit is of another one"
            f" than the order's, or of one who was forgotten. Add {parts} to the same edit.",
            code="another_person",
            errors=faults,
        )


def _refuse_refunded_shipping(order: Order, shipping: ShippingCharge | None) -> None:
    credited, currency = order.settlement.shipping_credited, order.terms.currency
    if shipping is not None and shipping.amount < credited:
        requested, least = to_text(shipping.amount, currency), to_text(credited, currency)
        raise Refused(
            f"{least} {currency} of the shipping charge were refunded already, so it cannot be"
            f" {requested}. Write at least what was refunded.",
            code="over_refund",
            errors=[{"requested": requested, "refunded": least}],
        )


def _refuse_empty(order: Order, changed: Iterable[LineEdit], added: Sequence[OrderLine]) -> None:
    after = {line_id: p.line.quantity for line_id, p in order.lines.items()}
    after |= {each.line.line_id: each.line.quantity for each in changed}
    if not added and all(order.lines[line_id].cancelled == n for line_id, n in after.items()):
        raise illegal_transition(
            "The order",
            order.statuses.order,
            "left without anything ordered",
            "Cancel it with POST .../cancel.",
        )


def _freed(order: Order, changed: Iterable[LineEdit]) -> FreedUnits:
    fewer = {
        each.line.line_id: taken_away
        for each in changed
        if (taken_away := each.quantity_before - each.line.quantity) > 0 and each.line.stocked
    }
    return units_freed(order, fewer)


def _taken(
    order: Order,
    changed: Iterable[LineEdit],
    edited: WantedEdit,
    freed: FreedUnits,
    kits: Kits,
    ctx: Context,
    given: Given,
) -> tuple[Sourced, tuple[Backorder, ...]]:
    """The stock for units that are wanted more, and what of them is backordered. What the same edit
    frees is there for them too."""
    more = [(each.line, each.line.quantity - each.quantity_before) for each in changed]
    more += [(line, line.quantity) for line in edited.added]
    wanted = [(line.line_id, line.sku, n) for line, n in more if line.stocked and n > 0]
    stock = stock_by_location(given, skus_taken(line for line, n in more if n > 0))
    available = sellable_units(given, stock, order.terms.channel)
    give_back(available, units_taken(freed.allocations, kits), stock)
    if not wanted:
        return Sourced(Plan()), ()
    terms, area = order.terms, order.postal_area
    if (address := edited.shipping_address) is not None:
        terms, area = structs.replace(terms, shipping_address=address), edited.postal_area
    lines = tuple(line for line, _ in more)
    sourcing = Sourcing(order.first_event.order_id, terms, "edit", ctx.now, kits, area, lines)
    sourced = source(sourcing, wanted, available, given)
    if not sourced.plan.allocations:
        refuse_without_locations(given)
    short = sourced.plan.shortages
    return sourced, backorders_of(short, order.terms, stock, given, kits, ctx.now, freed.backorders)


def _totals(order: Order, changed: Iterable[LineEdit], wanted: WantedEdit) -> dict[str, int]:
    """`total_before`, `total_after` and `difference` of the event."""
    terms = order.terms
    more = cancelled_more = 0
    for each in changed:
        before = order.lines[each.line.line_id]
        after = edited_line(before, each)
        more += after.line.amount - before.line.amount
        cancelled_more += after.cancelled_amount - before.cancelled_amount
    more += sum(line.amount for line in wanted.added)
    if wanted.shipping is not None:
        more += wanted.shipping.amount - (terms.shipping.amount if terms.shipping else 0)
    total = terms.total
    if total + more > TOTAL_MAX * 10 ** DIGITS[terms.currency]:
        raise invalid_field(
            "changes", f"The order would add up to more than {TOTAL_MAX:,}. Order fewer units."
        )
    difference = more - cancelled_more
    return {"total_before": total, "total_after": total + more, "difference": difference}
