"""Which lots and serial numbers leave with a shipment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.events import ShipmentCreated, ShipmentLine
from oms_ledger.domain.identifiers import lot_key, stock_key
from oms_ledger.domain.lots.events import SerialShipped
from oms_ledger.domain.lots.state import Serial
from oms_ledger.domain.stock.events import LotChange, StockLotsChanged
from oms_ledger.domain.stock.movements import named_lot, picked_lots
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Change, Given


def lots_shipped(
    created: ShipmentCreated, named: Mapping[str, Mapping[str, int]], day: str, given: Given
) -> dict[str, list[Change]]:
    """The events of the stock, by line, for the lots that leave on a day; none where the stock is
    not kept by lots. `named` are units by line and lot; for the rest of a line the lots leave first
    that expire first. `Refused` with `lot_unavailable` or `unknown_line`."""
    _require_lines(created, named)
    used: dict[str, dict[str, int]] = {}
    changes: dict[str, list[Change]] = {}
    for line in created.lines:
        level = given.state(StockLevel, stock_key(line.sku, created.location))
        wanted = named.get(line.line_id, {})
        if not level.lots and not wanted:
            continue
        used_of_sku = used.setdefault(line.sku, {})
        lots = _lots_of_line(created, line, wanted, level, day, used_of_sku)
        if lots:
            changes[line.line_id] = [_left(created, line, lots)]
    return changes


def _lots_of_line(
    created: ShipmentCreated,
    line: ShipmentLine,
    wanted: Mapping[str, int],
    level: StockLevel,
    day: str,
    used: dict[str, int],
) -> tuple[LotChange, ...]:
    rest = line.quantity - sum(wanted.values())
    if rest < 0:
        raise Refused(
            f"Line {line.line_id} has {line.quantity} units, and lots of {line.quantity - rest} are"
            " named. Name fewer.",
            code="lot_unavailable",
            errors=[
                {
                    "line": line.line_id,
                    "requested": line.quantity - rest,
                    "available": line.quantity,
                }
            ],
        )
    chosen: list[LotChange] = []
    for name, units in wanted.items():
        gone = used.get(name, 0)
        lot = named_lot(level, line.sku, created.location, name, units + gone, day)
        used[name] = gone + units
        chosen.append(LotChange(name, -units, lot.status, lot.expires_on))
    return (*chosen, *picked_lots(level, line.sku, created.location, rest, day, used))


def _left(created: ShipmentCreated, line: ShipmentLine, lots: Iterable[LotChange]) -> Change:
    units: dict[str, LotChange] = {}
    for lot in lots:
        before = units[lot.lot].change if lot.lot in units else 0
        units[lot.lot] = LotChange(lot.lot, before + lot.change, lot.status, lot.expires_on)
    event = StockLotsChanged(
        line.sku,
        created.location,
        tuple(units.values()),
        order_id=created.order_id,
        line_id=line.line_id,
        shipment_id=created.shipment_id,
    )
    return Change(event)


def serial_keys(created: ShipmentCreated, serials: Mapping[str, Iterable[str]]) -> list[str]:
    """Keys of the streams of serial numbers, which are given by line."""
    skus = {line.line_id: line.sku for line in created.lines}
    return [
        lot_key(skus[line_id], serial)
        for line_id, of_line in serials.items()
        if line_id in skus
        for serial in of_line
    ]


def serials_shipped(
    created: ShipmentCreated, serials: Mapping[str, tuple[str, ...]], given: Given
) -> list[Change]:
    """The events of units with serial numbers, which are given by line. `Refused` with
    `unknown_line`, with `too_many_serials`, and with `serial_taken`, naming every serial number
    that is named twice or has left and not come back."""
    _require_lines(created, serials)
    lines = {line.line_id: line for line in created.lines}
    named = Counter(serial_keys(created, serials))
    changes: list[Change] = []
    taken: list[tuple[str, str]] = []
    for line_id, of_line in serials.items():
        line = lines[line_id]
        if len(of_line) > line.quantity:
            raise Refused(
                f"Line {line_id} has {line.quantity} units and {len(of_line)} serial numbers."
                " Name one for each unit at most.",
                code="too_many_serials",
                errors=[{"line": line_id, "requested": len(of_line), "available": line.quantity}],
            )
        for serial in of_line:
            key = lot_key(line.sku, serial)
            if named[key] > 1 or given.state(Serial, key).shipped is not None:
                taken.append((line_id, serial))
            shipped = SerialShipped(
                line.sku, serial, created.location, created.order_id, line_id, created.shipment_id
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


def _require_lines(created: ShipmentCreated, line_ids: Iterable[str]) -> None:
    unknown = sorted(set(line_ids) - {line.line_id for line in created.lines})
    if unknown:
        raise Refused(
            f"The shipment has no line {', '.join(unknown)}. GET the shipment to see its lines.",
            code="unknown_line",
            errors=[{"line": line_id} for line_id in unknown],
        )
