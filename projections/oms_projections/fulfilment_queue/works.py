"""The fulfilment orders of an order, from rows of three read models or from the log alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import msgspec

from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.domain.fulfilments.work import PackedUnits, Work, packed_units, works_of
from oms_ledger.domain.identifiers import fulfilment_group
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Log
from oms_projections.fulfilment_queue.fold import state_of
from oms_projections.order_status.document import read
from oms_projections.values import column, maybe


class StoredWork(msgspec.Struct):
    """A fulfilment order on which work has begun: its state as JSON text, and the position of its
    newest event."""

    document: str
    position: int


class StoredLine(msgspec.Struct):
    line_id: str
    quantity: int


class StoredShipment(msgspec.Struct):
    """What of a shipment never changes."""

    shipment_id: str
    location: str
    carrier: str
    lines: list[StoredLine]
    fulfilment_id: str | None = None


_works = msgspec.json.Decoder(list[StoredWork]).decode
_shipments = msgspec.json.Decoder(list[StoredShipment]).decode


def order_in(row: Mapping[str, object]) -> Order:
    return read(column(row, "document", str)).order


def works_in(row: Mapping[str, object], order: Order, log: Log) -> dict[str, Work]:
    """The fulfilment orders of a row of `works_of_orders` by id, as of the position that `order`
    is at. What the other read models lack of that, or have beyond it, is taken from the log."""
    return works_of(
        order, _states(row, order, log), _packed(maybe(row, "parcels", str), order, log)
    )


def works_at(order: Order, log: Log) -> dict[str, Work]:
    """The same from the log alone, as of its position."""
    return works_of(order, _states_in(order, log), _packed(None, order, log))


def _states(row: Mapping[str, object], order: Order, log: Log) -> Iterable[Fulfilment]:
    if not order.released:
        return ()
    stored = _works(text) if (text := maybe(row, "works", str)) else []
    reached = maybe(row, "works_position", int) or 0
    if reached < log.position or any(each.position > log.position for each in stored):
        return _states_in(order, log)
    return [state_of(each.document) for each in stored]


def _states_in(order: Order, log: Log) -> list[Fulfilment]:
    """The states of fulfilment orders; none before the order knows that work on it has begun."""
    if not order.released:
        return []
    group = fulfilment_group(order.first_event.order_id)
    return [log.fold(Fulfilment, key) for key in log.keys(Fulfilment, group)]


def _packed(parcels: str | None, order: Order, log: Log) -> list[PackedUnits]:
    """The shipments of the order, each with the status that the order has of it. `parcels` is
    JSON text of a list of `StoredShipment`."""
    stored = _shipments(parcels) if parcels else []
    by_id = {each.shipment_id: each for each in stored}
    packed: list[PackedUnits] = []
    for shipment_id, status in order.shipments.items():
        if status == "cancelled":
            continue
        shipment = by_id.get(shipment_id)
        if shipment is None:
            folded = packed_units([log.fold(Shipment, shipment_id)])
            packed += [replace(each, status=status) for each in folded]
        else:
            packed.append(_packed_units(shipment, status))
    return packed


def _packed_units(shipment: StoredShipment, status: str) -> PackedUnits:
    return PackedUnits(
        shipment.shipment_id,
        shipment.location,
        status,
        shipment.carrier,
        units_by_line(shipment.lines),
        shipment.fulfilment_id,
    )
