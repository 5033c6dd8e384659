"""Events of lots and serial numbers folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.lots.events import (
    SERIAL_EVENTS,
    SerialEvent,
    SerialShipped,
)
from oms_ledger.domain.stock.events import (
    LotChange,
    StockLotsChanged,
    StockLotStatusChanged,
    StockStateChanged,
)
from oms_ledger.domain.stock.lots import book_state
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.lots.rows import LotProductRow, LotRow, SerialRow, ShippedLotRow


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, StockLotsChanged):
        return [(LotRow, (event.sku, lot.lot, event.location)) for lot in event.lots]
    if isinstance(event, StockLotStatusChanged) or (
        isinstance(event, StockStateChanged) and event.lot is not None
    ):
        return ((LotRow, (event.sku, event.lot, event.location)),)
    if isinstance(event, SERIAL_EVENTS):
        return ((SerialRow, (event.sku, event.serial)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ProductDefined):
        page.put(LotProductRow(event.sku, event.sensitive))
    elif isinstance(event, StockLotsChanged):
        for lot in event.lots:
            _changed(r, event, lot, page)
    elif isinstance(event, StockLotStatusChanged):
        row = _existing(page, event.sku, event.lot, event.location)
        row.status, row.expires_on = event.status, event.expires_on
        _put(row, r, page)
    elif isinstance(event, StockStateChanged) and event.lot is not None:
        _put(_other_state(event, event.lot, page), r, page)
    elif isinstance(event, SERIAL_EVENTS):
        page.put(_serial(r, event, page.get(SerialRow, event.sku, event.serial)))


def _existing(page: Page, sku: str, lot: str, location: str) -> LotRow:
    row = page.get(LotRow, sku, lot, location)
    if row is None:
        raise LookupError(f"lot {lot} of {sku} was never at {location}")
    return row


def _put(row: LotRow, r: Recorded, page: Page) -> None:
    row.updated_at = r.meta.recorded_at
    page.put(row)


def _changed(r: Recorded, event: StockLotsChanged, lot: LotChange, page: Page) -> None:
    at = r.meta.happened_at
    row = page.get(LotRow, event.sku, lot.lot, event.location)
    if row is None:
        row = LotRow(event.sku, lot.lot, event.location, lot.status, None, 0, 0, 0, at, at)
    row.on_hand += lot.change
    row.status, row.expires_on = lot.status, lot.expires_on
    _put(row, r, page)
    if event.order_id is not None and event.line_id is not None and event.shipment_id is not None:
        shipped = ShippedLotRow(
            event.sku,
            lot.lot,
            r.position,
            event.location,
            event.order_id,
            event.line_id,
            event.shipment_id,
            -lot.change,
            at,
        )
        page.put(shipped)


def _other_state(event: StockStateChanged, lot: str, page: Page) -> LotRow:
    row = _existing(page, event.sku, lot, event.location)
    book_state(row, event)
    return row


def _serial(r: Recorded, event: SerialEvent, row: SerialRow | None) -> SerialRow:
    at = r.meta.happened_at
    if isinstance(event, SerialShipped):
        return SerialRow(
            event.sku,
            event.serial,
            "shipped",
            event.location,
            event.order_id,
            event.line_id,
            event.shipment_id,
            at,
            None,
        )
    if row is None:
        raise LookupError(f"{event.serial} of {event.sku} came back and never left")
    row.status, row.location, row.returned_at = "returned", event.location, at
    return row


READ_MODEL = ReadModel(
    name="lots",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(LotRow, ShippedLotRow, SerialRow, LotProductRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(
        e.type
        for e in (
            StockLotsChanged,
            StockLotStatusChanged,
            StockStateChanged,
            *SERIAL_EVENTS,
            ProductDefined,
        )
    ),
    by_stream=True,
)
