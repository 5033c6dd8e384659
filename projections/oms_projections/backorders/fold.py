"""Events of stock that is promised without being there, folded into rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, get_args

from oms_ledger.domain.catalogue.events import PreorderPromise, ProductDefined
from oms_ledger.domain.stock.events import (
    BackorderReleased,
    PreorderRescheduled,
    StockBackordered,
)
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.backorders.rows import BackorderRow, PreorderRow

BackorderEvent: TypeAlias = StockBackordered | BackorderReleased | PreorderRescheduled

EVENTS: tuple[type[BackorderEvent], ...] = get_args(BackorderEvent)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, EVENTS):
        return ((BackorderRow, (event.sku, event.location, event.order_id, event.line_id)),)
    if isinstance(event, ProductDefined):
        return ((PreorderRow, (event.sku,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ProductDefined):
        _defined(event, page)
    if not isinstance(event, EVENTS):
        return
    key = (event.sku, event.location, event.order_id, event.line_id)
    row = page.get(BackorderRow, *key) or BackorderRow(*key, 0, 0, r.meta.recorded_at)
    if isinstance(event, BackorderReleased):
        row.quantity -= event.quantity
    elif isinstance(event, StockBackordered):
        _waits(row, event.quantity, r)
    if event.preorder is not None:
        _preordered(row, event, event.preorder)
    page.put(row)


def _waits(row: BackorderRow, units: int, r: Recorded) -> None:
    """A line that waits already keeps its place."""
    if not row.quantity:
        row.position, row.waiting_since = r.position, r.meta.happened_at
    row.quantity += units


def _preordered(row: BackorderRow, event: BackorderEvent, preorder: PreorderPromise) -> None:
    """Units that were sold under an earlier preorder are ordinary backorders from then on."""
    if isinstance(event, BackorderReleased):
        row.preordered -= event.quantity if preorder.preorder_id == row.preorder_id else 0
        return
    if isinstance(event, StockBackordered):
        before = row.preordered if preorder.preorder_id == row.preorder_id else 0
        row.preordered = before + event.quantity
    row.preorder_id, row.available_at = preorder.preorder_id, preorder.available_at


def _defined(event: ProductDefined, page: Page) -> None:
    """A product that never was sold as a preorder has no row."""
    preorder = event.preorder
    if preorder is not None:
        row = PreorderRow(
            event.sku, preorder.preorder_id, preorder.available_at, preorder.cap, event.sensitive
        )
        page.put(row)
    elif page.get(PreorderRow, event.sku) is not None:
        page.put(PreorderRow(event.sku, None, None, None, event.sensitive))


READ_MODEL = ReadModel(
    name="backorders",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(BackorderRow, PreorderRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in (*EVENTS, ProductDefined)),
    by_stream=True,
)
