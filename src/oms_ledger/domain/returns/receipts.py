"""The decision behind receiving a return: what follows for the order, the stock and a replacement
that waits for the goods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import quantities, require_location
from oms_ledger.domain.orders.events import HoldReleased, UnitsReturned
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReceivedLine, ReturnReceived, ReturnRequested
from oms_ledger.domain.returns.rules import require_stage, return_changes
from oms_ledger.domain.returns.state import Return, awaited_units
from oms_ledger.domain.stock.events import StockReturned
from oms_ledger.kernel import Change, Given

DISPOSITIONS = {"resellable": "restock", "damaged": "quarantine", "wrong_item": "quarantine"}
"""What is done with goods of a condition, by default."""


def receive(
    return_: Return,
    requested: ReturnRequested,
    lines: Sequence[ReceivedLine],
    order: Order | None,
    given: Given,
    *,
    complete: bool,
) -> list[Change]:
    """The events of goods that came back. Only those to `restock` go into the stock that is sold:
    what is kept apart or written off is on record in the return alone."""
    if requested.kind == "claim":
        raise illegal_transition(
            "The return", "a claim", "received", "Its goods stay with the buyer: refund it."
        )
    require_stage(return_, "received", "approved")
    for line in lines:
        require_location(given, line.location)
    received = ReturnReceived(requested.return_id, tuple(lines), complete)
    changes: list[Change] = []
    if order is not None:
        changes += _units_returned(requested, lines, order)
    changes = [*return_changes(return_, [received]), *changes]
    changes += _restocked(requested, lines, order, given)
    after = deepcopy(return_)
    after.apply(received)
    if not awaited_units(after):
        changes += release_replacement(after, given)
    return changes


def _units_returned(
    requested: ReturnRequested, lines: Sequence[ReceivedLine], order: Order
) -> list[Change]:
    """The units that the order counts as returned: never more than were shipped."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.line_id] = units.get(line.line_id, 0) + line.quantity
    counted: dict[str, int] = {}
    for line_id, received in units.items():
        progress = order.lines[line_id]
        out = progress.shipped - progress.returned
        if min(received, out) > 0:
            counted[line_id] = min(received, out)
    if not counted or requested.order_id is None:
        return []
    reference = requested.return_id
    return [Change(UnitsReturned(requested.order_id, reference, quantities(counted.items())))]


def _restocked(
    requested: ReturnRequested, lines: Sequence[ReceivedLine], order: Order | None, given: Given
) -> list[Change]:
    """The stock that came back: of a kit that of its components."""
    kits = {line.line_id: components_of(line.line_id, line.sku, order, given) for line in lines}
    units: dict[tuple[str, str], int] = {}
    for line in lines:
        if line.disposition != "restock":
            continue
        for each in kits[line.line_id] or (Component(line.sku, 1),):
            place = (each.sku, line.location)
            units[place] = units.get(place, 0) + line.quantity * each.quantity
    return [
        Change(
            StockReturned(
                sku,
                location,
                quantity,
                requested.return_id,
                requested.customer_id,
                requested.order_id,
            )
        )
        for (sku, location), quantity in units.items()
    ]


def components_of(
    line_id: str, sku: str, order: Order | None, given: Given
) -> tuple[Component, ...]:
    """The components of a kit that comes back: as it was ordered, or as it is defined now where it
    is of no order. None of what is no kit."""
    if order is not None and line_id in order.lines:
        return order.lines[line_id].line.components
    product = given.state(Product, sku).defined
    return product.components if product is not None else ()


AWAITING_RETURN = "awaiting_return"
"""Reason of the hold of a replacement that waits for the goods; the hold has the return's id."""


def release_replacement(return_: Return, given: Given) -> list[Change]:
    """The release of the replacement, where that waits for the goods."""
    requested, replacement = return_.requested, return_.replacement
    if requested is None or replacement is None:
        return []
    if requested.return_id not in given.state(Order, replacement).holds:
        return []
    return [Change(HoldReleased(replacement, requested.return_id))]


def skus_of(return_: Return, order: Order | None) -> Mapping[str, str]:
    """The SKU of every line that may come back: of the return, and of its order."""
    skus = {line_id: line.sku for line_id, line in return_.lines.items()}
    if order is not None:
        skus |= {line_id: progress.line.sku for line_id, progress in order.lines.items()}
    return skus
