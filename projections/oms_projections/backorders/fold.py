"""Events of stock that is promised without being there, folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

from oms_ledger.domain.stock.events import BackorderReleased, StockBackordered
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.backorders.rows import BackorderRow

EVENTS = (StockBackordered, BackorderReleased)


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, EVENTS):
        return ((BackorderRow, (event.sku, event.location, event.order_id, event.line_id)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if not isinstance(event, EVENTS):
        return
    key = (event.sku, event.location, event.order_id, event.line_id)
    row = page.get(BackorderRow, *key) or BackorderRow(*key, 0, 0, r.meta.recorded_at)
    if isinstance(event, BackorderReleased):
        row.quantity -= event.quantity
    else:
        _waits(row, event.quantity, r)
    page.put(row)


def _waits(row: BackorderRow, units: int, r: Recorded) -> None:
    """A line that waits already keeps its place."""
    if not row.quantity:
        row.position, row.waiting_since = r.position, r.meta.happened_at
    row.quantity += units


READ_MODEL = ReadModel(
    name="backorders",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(BackorderRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in EVENTS),
    by_stream=True,
)
