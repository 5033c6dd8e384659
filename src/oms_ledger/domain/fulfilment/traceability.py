"""Which lots and serial numbers leave with a shipment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.identifiers import lot_key, stock_key
from oms_ledger.domain.lots.events import SerialShipped
from oms_ledger.domain.lots.state import Serial
from oms_ledger.domain.stock.events import LotChange, StockLotsChanged, StockShipped
from oms_ledger.domain.stock.movements import named_lot, picked_lots
from oms_ledger.domain.stock.rules import UnitsAt
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.domain.texts import composed
from oms_ledger.kernel import Change, Given

LineSku: TypeAlias = tuple[str, str | None]
"""The id of a line, and the SKU of a component where it is a kit; None: the line's own SKU."""

NamedLots: TypeAlias = Mapping[LineSku, Mapping[str, int]]
"""Units by lot, of each line."""

NamedSerials: TypeAlias = Mapping[LineSku, tuple[str, ...]]


UsedLots: TypeAlias = dict[str, dict[str, int]]
"""Units by SKU and lot at one location that leave with shipments before, in the same command."""


def stock_shipped(
    created: ShipmentCreated,
    stock: Sequence[UnitsAt],
    named: NamedLots,
    day: str,
    given: Given,
    used: UsedLots | None = None,
) -> list[Change]:
    """The events of the `stock` that leaves with a shipment on a day, and of its lots. `Refused` as
    in `lots_shipped`."""
    lots = lots_shipped(created, stock, named, day, given, {} if used is None else used)
    changes: list[Change] = []
    for units in stock:
        if lots:
            changes += lots.get(units, ())
        line_id, sku, place, quantity = units
        left = StockShipped(sku, place, quantity, created.order_id, line_id, created.shipment_id)
        changes.append(Change(left))
    return changes


def lots_shipped(
    created: ShipmentCreated,
    stock: Iterable[UnitsAt],
    named: NamedLots,
    day: str,
    given: Given,
    used: UsedLots,
) -> dict[UnitsAt, list[Change]]:
    """The events of the lots that leave on a day, by the units of `stock` that leave; none where
    the stock is not kept by lots. Of lines of which none is `named` those leave that were named at
    picking; else the lots leave first that expire first. What leaves is added to `used`. `Refused`
    with `lot_unavailable` or `unknown_line`."""
    units = list(stock)
    wanted = _of_stock(created, units, named) if named else {}
    picked = _picked(created, named) if created.lots else {}
    for each in units:
        if each.line_id in picked and _level(each, given).lots:
            wanted[each.line_id, each.sku] = picked[each.line_id]
    changes: dict[UnitsAt, list[Change]] = {}
    for each in sorted(units, key=lambda each: (each.line_id, each.sku) not in wanted):
        level, of_line = _level(each, given), wanted.get((each.line_id, each.sku), {})
        if level.lots or of_line:
            lots = _lots_of_line(each, of_line, level, day, used.setdefault(each.sku, {}))
            if lots:
                changes[each] = [_left(created, each, lots)]
    return changes


def _level(units: UnitsAt, given: Given) -> StockLevel:
    return given.state(StockLevel, stock_key(units.sku, units.location))


def _picked(created: ShipmentCreated, named: NamedLots) -> dict[str, dict[str, int]]:
    """The lots that were named at picking, by the id of each line that is not `named` now."""
    now = {line_id for line_id, _ in named}
    lots: dict[str, dict[str, int]] = {}
    for each in created.lots:
        if each.line_id not in now:
            lots.setdefault(each.line_id, {})[each.lot] = each.quantity
    return lots


def _of_stock(
    created: ShipmentCreated, stock: Sequence[UnitsAt], named: NamedLots
) -> dict[tuple[str, str], Mapping[str, int]]:
    """What is named of each line, by its id and the SKU whose stock leaves."""
    skus = _skus(created, stock, named)
    return {(key[0], sku): named[key] for key, sku in skus.items()}


def _skus(
    created: ShipmentCreated, stock: Iterable[UnitsAt], named: Iterable[LineSku]
) -> dict[LineSku, str]:
    """The SKU that is meant of each line. `Refused` with `unknown_line`, naming every line that the
    shipment does not have with that SKU."""
    there = {(each.line_id, composed(each.sku)): each.sku for each in stock}
    own = {line.line_id: line.sku for line in created.lines}
    meant = {key: (key[0], composed(key[1] or own.get(key[0], ""))) for key in named}
    unknown = sorted({line_id for line_id, sku in meant.values() if (line_id, sku) not in there})
    if unknown:
        raise Refused(
            f"The shipment has no line {', '.join(unknown)} of that SKU. GET the shipment to see"
            " its lines; of a kit, name the `sku` of the component.",
            code="unknown_line",
            errors=[{"line": line_id} for line_id in unknown],
        )
    return {key: there[each] for key, each in meant.items()}


def _lots_of_line(
    units: UnitsAt,
    wanted: Mapping[str, int],
    level: StockLevel,
    day: str,
    used: dict[str, int],
) -> tuple[LotChange, ...]:
    named = sum(wanted.values())
    if named > units.quantity:
        raise Refused(
            f"Line {units.line_id} has {units.quantity} units of {units.sku}, and lots of {named}"
            " are named. Name fewer.",
            code="lot_unavailable",
            errors=[{"line": units.line_id, "requested": named, "available": units.quantity}],
        )
    chosen: list[LotChange] = []
    for name, number in wanted.items():
        gone = used.get(name, 0)
        lot = named_lot(level, units.sku, units.location, name, number + gone, day)
        used[name] = gone + number
        chosen.append(LotChange(name, -number, lot.status, lot.expires_on))
    rest = units.quantity - named
    return (*chosen, *picked_lots(level, units.sku, units.location, rest, day, used))


def _left(created: ShipmentCreated, units: UnitsAt, lots: Iterable[LotChange]) -> Change:
    changes: dict[str, LotChange] = {}
    for lot in lots:
        before = changes[lot.lot].change if lot.lot in changes else 0
        changes[lot.lot] = LotChange(lot.lot, before + lot.change, lot.status, lot.expires_on)
    event = StockLotsChanged(
        units.sku,
        units.location,
        tuple(changes.values()),
        order_id=created.order_id,
        line_id=units.line_id,
        shipment_id=created.shipment_id,
    )
    return Change(event)


def serial_keys(created: ShipmentCreated, serials: NamedSerials) -> list[str]:
    """Keys of the streams of serial numbers. Lines that the shipment does not have are left out."""
    own = {line.line_id: line.sku for line in created.lines}
    return [
        lot_key(sku, serial)
        for (line_id, named), of_line in serials.items()
        if (sku := named or own.get(line_id))
        for serial in of_line
    ]


def serials_shipped(
    created: ShipmentCreated, stock: Sequence[UnitsAt], serials: NamedSerials, given: Given
) -> list[Change]:
    """The events of units with serial numbers. `Refused` with `unknown_line`, `too_many_serials`,
    and `serial_taken`, naming every serial number that is named twice or has left and not come
    back."""
    skus = _skus(created, stock, serials)
    units = {(each.line_id, each.sku): each for each in stock}
    named = Counter(serial_keys(created, serials))
    changes: list[Change] = []
    taken: list[tuple[str, str]] = []
    for key, of_line in serials.items():
        of_stock = units[key[0], skus[key]]
        _require_units(of_stock, len(of_line))
        for serial in of_line:
            state_key = lot_key(of_stock.sku, serial)
            if named[state_key] > 1 or given.state(Serial, state_key).shipped is not None:
                taken.append((of_stock.line_id, serial))
            shipped = SerialShipped(
                of_stock.sku,
                serial,
                of_stock.location,
                created.order_id,
                of_stock.line_id,
                created.shipment_id,
            )
            changes.append(Change(shipped))
    if taken:
        raise Refused(
            f"Serial numbers {', '.join(serial for _, serial in taken)} have left already, or are"
            " named twice. GET /v1/serials finds where each is; scan again.",
            code="serial_taken",
            errors=[{"line": line_id, "serial": serial} for line_id, serial in taken],
        )
    return changes


def _require_units(units: UnitsAt, serials: int) -> None:
    if serials > units.quantity:
        raise Refused(
            f"Line {units.line_id} has {units.quantity} units of {units.sku} and {serials} serial"
            " numbers. Name one for each unit at most.",
            code="too_many_serials",
            errors=[{"line": units.line_id, "requested": serials, "available": units.quantity}],
        )
