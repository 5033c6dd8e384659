"""The decision behind receiving a return: what follows for the order, the stock and a replacement
that waits for the goods."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from oms_ledger.domain.catalogue.events import Component
from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.guards import quantities, require_location
from oms_ledger.domain.identifiers import lot_key
from oms_ledger.domain.lots.events import SerialReturned
from oms_ledger.domain.lots.state import Serial
from oms_ledger.domain.orders.events import HoldReleased, UnitsReturned
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.events import ReceivedLine, ReturnReceived, ReturnRequested
from oms_ledger.domain.returns.rules import require_stage, return_changes
from oms_ledger.domain.returns.state import Return, awaited_units
from oms_ledger.domain.stock.events import (
    LotChange,
    StockAdjusted,
    StockReturned,
    StockStateChanged,
)
from oms_ledger.domain.stock.movements import lot_received, lots_changed
from oms_ledger.kernel import Change, Given

DISPOSITIONS = {"resellable": "restock", "damaged": "quarantine", "wrong_item": "quarantine"}
"""What is done with goods of a condition, by default."""

WRITE_OFF = "write_off"
"""The reason of the adjustment by goods that came back and were written off."""


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """Units of a line that came back: the `lot` that all of them are of, and the serial numbers of
    some."""

    line: ReceivedLine
    lot: str | None = None
    serials: tuple[str, ...] = ()


def receive(
    return_: Return,
    requested: ReturnRequested,
    units: Sequence[ReturnedUnits],
    order: Order | None,
    given: Given,
    *,
    complete: bool,
) -> list[Change]:
    """The events of goods that came back. Only those to `restock` are sold again: the others are in
    quarantine, or are written off at once."""
    if requested.kind == "claim":
        raise illegal_transition(
            "The return", "a claim", "received", "Its goods stay with the buyer: refund it."
        )
    require_stage(return_, "received", "approved")
    lines = [each.line for each in units]
    for line in lines:
        require_location(given, line.location)
    received = ReturnReceived(requested.return_id, tuple(lines), complete)
    changes: list[Change] = []
    if order is not None:
        changes += _units_returned(requested, lines, order)
    changes = [*return_changes(return_, [received]), *changes]
    changes += _stocked(requested, units, order, given)
    changes += _serials_returned(requested, units, given)
    after = deepcopy(return_)
    after.apply(received)
    if not awaited_units(after):
        changes += release_replacement(after, given)
    return changes


def _units_returned(
    requested: ReturnRequested, lines: Sequence[ReceivedLine], order: Order
) -> list[Change]:
    """The units that the order counts as returned: never more than were shipped."""
    counted: dict[str, int] = {}
    for line_id, received in units_by_line(lines).items():
        progress = order.lines[line_id]
        out = progress.shipped - progress.returned
        if min(received, out) > 0:
            counted[line_id] = min(received, out)
    if not counted or requested.order_id is None:
        return []
    reference = requested.return_id
    return [Change(UnitsReturned(requested.order_id, reference, quantities(counted.items())))]


def _stocked(
    requested: ReturnRequested,
    received: Iterable[ReturnedUnits],
    order: Order | None,
    given: Given,
) -> list[Change]:
    """The events of the stock, of a kit that of its components. Of goods that are another article
    than the line's there are none: they are received as stock under their own SKU."""
    units: dict[tuple[str, str, str, str | None], int] = {}
    for each in received:
        line = each.line
        if line.condition == "wrong_item":
            continue
        kit = components_of(line.line_id, line.sku, order, given)
        for part in kit or (Component(line.sku, 1),):
            kind = (line.disposition, part.sku, line.location, None if kit else each.lot)
            units[kind] = units.get(kind, 0) + line.quantity * part.quantity
    changes: list[Change] = []
    for (disposition, sku, location, name), quantity in units.items():
        returned = StockReturned(
            sku,
            location,
            quantity,
            requested.return_id,
            requested.customer_id,
            requested.order_id,
        )
        lot = _lot(sku, name, quantity, given)
        changes.append(Change(returned))
        if lot is None or disposition != "write_off":
            changes += lots_changed(sku, location, [lot] if lot else [], requested.return_id)
        changes += _not_sold(returned, disposition, lot)
    return changes


def _lot(sku: str, name: str | None, units: int, given: Given) -> LotChange | None:
    """The change of a lot's units. `Refused` with `unknown_lot` where there never was such a
    lot."""
    if name is None:
        return None
    return lot_received(sku, name, units, "GET /v1/lots lists them; or leave `lot` out.", given)


def _not_sold(returned: StockReturned, disposition: str, lot: LotChange | None) -> list[Change]:
    """What is done with goods that are not sold again: they are put into quarantine, or leave the
    stock."""
    sku, location, units = returned.sku, returned.location, returned.quantity
    if disposition == "quarantine":
        event = StockStateChanged(
            sku,
            location,
            units,
            "available",
            "quarantine",
            "return",
            returned.reference,
            lot.lot if lot else None,
            lot.status if lot else None,
        )
        return [Change(event)]
    if disposition == "write_off":
        return [Change(StockAdjusted(sku, location, -units, WRITE_OFF, returned.reference))]
    return []


def _serials_returned(
    requested: ReturnRequested, units: Sequence[ReturnedUnits], given: Given
) -> list[Change]:
    """The events of units with serial numbers. `Refused` with `serial_not_shipped`, naming each
    that did not leave with the order of the return, or is named twice."""
    named = Counter(lot_key(each.line.sku, serial) for each in units for serial in each.serials)
    changes: list[Change] = []
    wrong: list[tuple[str, str]] = []
    for each in units:
        sku, location = each.line.sku, each.line.location
        for serial in each.serials:
            shipped = given.state(Serial, lot_key(sku, serial)).shipped
            twice = named[lot_key(sku, serial)] > 1
            if twice or shipped is None or requested.order_id not in (None, shipped.order_id):
                wrong.append((each.line.line_id, serial))
                continue
            returned = SerialReturned(sku, serial, location, shipped.order_id, requested.return_id)
            changes.append(Change(returned))
    if wrong:
        raise Refused(
            "These serial numbers did not leave with the order, or are named twice. GET"
            " /v1/serials finds where each is; scan again, or leave them out.",
            code="serial_not_shipped",
            errors=[{"line": line_id, "serial": serial} for line_id, serial in wrong],
        )
    return changes


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
