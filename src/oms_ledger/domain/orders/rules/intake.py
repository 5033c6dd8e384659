"""The decisions behind queued orders: they are received at once, and placed or rejected later, in
the order in which they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from oms_ledger.domain.catalogue.state import Product, stored_sku
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import quantities, refuse_unknown_skus
from oms_ledger.domain.orders.events import (
    OrderHeld,
    OrderPlaced,
    OrderReceived,
    OrderRejected,
)
from oms_ledger.domain.orders.lines import OrderLine, RejectedLine
from oms_ledger.domain.orders.promise import promised_times
from oms_ledger.domain.orders.rules.numbers import next_number
from oms_ledger.domain.orders.rules.placement import (
    has_sensitive,
    placed_before,
    placement,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.terms import OrderTerms
from oms_ledger.domain.times import dated, refuse_future
from oms_ledger.domain.units import decimals_of
from oms_ledger.kernel import Change, Context, Given


def receive(
    order_id: str,
    terms: OrderTerms,
    ctx: Context,
    given: Given,
    *,
    confirm: bool = False,
    sensitive: bool = False,
    holds: Sequence[OrderHeld] = (),
    postal_area: str | None = None,
) -> Sequence[Change]:
    """The events of an order that is placed later, with the `holds` that it begins with; none where
    it is there already. `Refused` with `external_id_reused`."""
    before = placed_before(order_id, terms, given, confirm=confirm, sensitive=sensitive)
    if before is not None:
        return before
    refuse_future(terms.placed_at, ctx, "placed_at")
    number, numbered = next_number(terms.channel, order_id, given)
    placed_at = terms.placed_at or ctx.now
    ship_by, deliver_by = promised_times(terms, placed_at)
    received = OrderReceived(
        order_id,
        number,
        terms,
        placed_at,
        ship_by,
        deliver_by,
        sensitive or has_sensitive(terms.lines, given),
        confirm,
        postal_area,
    )
    return [
        numbered,
        *dated([Change(received), *map(Change, holds)], terms.placed_at, ctx, "placed_at"),
    ]


def place_received(
    order: Order, received: OrderPlaced, ctx: Context, given: Given
) -> Sequence[Change]:
    """The events that place an order as it was received, or the one that rejects it for the reason
    for which placing it is refused; none where it does not wait any more."""
    if order.statuses.order != "received":
        return ()
    terms = replace(
        received.terms, lines=tuple(_as_defined_now(each, given) for each in received.terms.lines)
    )
    try:
        refuse_unknown_skus([(line.line_id, line.sku) for line in terms.lines], given)
        _refuse_other_units(terms.lines, given)
        return placement(
            replace(received, terms=terms),
            ctx,
            given,
            confirm=order.course.to_confirm,
        )
    except Refused as refusal:
        units = quantities((line.line_id, line.quantity) for line in received.terms.lines)
        faults = tuple(map(_rejected_line, refusal.errors))
        return [
            Change(OrderRejected(received.order_id, refusal.code, refusal.detail, units, faults))
        ]


def _as_defined_now(line: OrderLine, given: Given) -> OrderLine:
    """The line with what follows from its product, which may have been defined since."""
    sku = stored_sku(line.sku, given)
    product = given.state(Product, sku).defined
    return replace(
        line,
        sku=sku,
        stocked=product is None or product.stocked,
        components=product.components if product else (),
    )


def _refuse_other_units(lines: Iterable[OrderLine], given: Given) -> None:
    """`Refused` with `another_unit`, naming every line whose product got a unit of measure only
    after the order came: its quantity may be meant in steps or in units."""
    faults = [
        {"line": line.line_id, "sku": line.sku}
        for line in lines
        if decimals_of(line.unit) != decimals_of(given.state(Product, line.sku).unit)
    ]
    if faults:
        skus = ", ".join(sorted({fault["sku"] for fault in faults}))
        raise Refused(
            f"{skus} is measured in a unit that it did not have when the order came. Order again,"
            " with the quantity in this unit.",
            code="another_unit",
            errors=faults,
        )


def _rejected_line(fault: object) -> RejectedLine:
    """An entry of the `errors` of a refusal."""
    assert isinstance(fault, dict)
    requested, available = fault.get("requested"), fault.get("available")
    return RejectedLine(
        str(fault.get("line") or ""),
        str(fault.get("sku") or ""),
        requested if isinstance(requested, int) else None,
        available if isinstance(available, int) else None,
    )
