"""Lots that were named when units of a fulfilment order were picked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeAlias

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.events import LineLot
from oms_ledger.domain.fulfilments.events import PickedLine
from oms_ledger.domain.fulfilments.work import Work
from oms_ledger.domain.identifiers import stock_key
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.movements import day_of, named_lot
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Given

LotsByLine: TypeAlias = Mapping[str, Mapping[str, int]]
"""Units by `line_id` and lot."""


def require_lots(
    order: Order, location: str, picked: Iterable[PickedLine], at: datetime, given: Given
) -> None:
    """`Refused` where units cannot be of the lots that are named: with `lot_unavailable` where the
    stock is kept by lots and has too few sellable units of one, and with `is_kit` for a kit, whose
    components have lots of their own."""
    units: dict[tuple[str, str], int] = {}
    for line in picked:
        if line.lot is None:
            continue
        if order.lines[line.line_id].line.components:
            raise Refused(
                f"{line.sku} is a kit. Pick it without `lot`, and name the lots of its components"
                " with `lots` when its shipment is dispatched.",
                code="is_kit",
                errors=[{"line": line.line_id, "sku": line.sku}],
            )
        units[line.sku, line.lot] = units.get((line.sku, line.lot), 0) + line.quantity
    for (sku, lot), quantity in units.items():
        level = given.state(StockLevel, stock_key(sku, location))
        if level.lots:
            named_lot(level, sku, location, lot, quantity, day_of(at))


def lots_waiting(work: Work) -> dict[str, dict[str, int]]:
    """The lots of picked units that are in no shipment, by `line_id`, those named first first.
    Units whose lot was not named are not in it."""
    packed: dict[tuple[str, str], int] = {}
    for shipment in work.shipments:
        for each in shipment.lots:
            key = (each.line_id, each.lot)
            packed[key] = packed.get(key, 0) + each.quantity
    waiting: dict[str, dict[str, int]] = {}
    for line_id, lots in work.state.lots.items():
        units = work.picked.get(line_id, 0) + work.surplus.get(line_id, 0)
        left = {lot: n - packed.get((line_id, lot), 0) for lot, n in lots.items()}
        if kept := _last(left, units):
            waiting[line_id] = kept
    return waiting


def _last(lots: Mapping[str, int], units: int) -> dict[str, int]:
    """At most so many units, of the lots that were named last. Older shipments and put-backs do not
    say which lots they took; they are assumed to have taken those that were named first."""
    kept = {each.lot: each.quantity for each in _taken("", reversed(list(lots.items())), units)}
    return dict(reversed(list(kept.items())))


def lots_to_pack(work: Work, units: Mapping[str, int], order: Order) -> tuple[LineLot, ...]:
    """The lots of units that are packed, by `line_id`: units whose lot was named go first."""
    waiting = lots_waiting(work)
    return tuple(
        each
        for line_id, quantity in units.items()
        if line_id in waiting and not order.lines[line_id].line.components
        for each in _taken(line_id, waiting[line_id].items(), quantity)
    )


def lots_put_back(work: Work) -> tuple[LineLot, ...]:
    """The lots of the surplus: units whose lot was not named go back first, then those of the lots
    that were named last."""
    waiting = lots_waiting(work)
    back: list[LineLot] = []
    for line_id, surplus in work.surplus.items():
        lots = waiting.get(line_id, {})
        unnamed = work.picked.get(line_id, 0) + surplus - sum(lots.values())
        back += _taken(line_id, reversed(list(lots.items())), surplus - unnamed)
    return tuple(back)


def line_lots(lots: LotsByLine) -> tuple[LineLot, ...]:
    """Units by line and lot, as events have them."""
    return tuple(
        LineLot(line_id, lot, units)
        for line_id, of_line in lots.items()
        for lot, units in of_line.items()
    )


def _taken(line_id: str, lots: Iterable[tuple[str, int]], units: int) -> Iterable[LineLot]:
    for lot, there in lots:
        take = min(there, units)
        if take > 0:
            yield LineLot(line_id, lot, take)
            units -= take
