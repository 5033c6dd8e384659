"""Events of counts folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.counts.events import (
    COUNT_EVENTS,
    CountApproved,
    CountCancelled,
    CountCreated,
    CountEvent,
)
from oms_ledger.domain.counts.state import Count
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.counts.rows import CountRow
from oms_projections.search import facets_in
from oms_projections.state_documents import update_document

count_of = msgspec.json.Decoder(Count).decode
"""The count of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    return ((CountRow, (event.count_id,)),) if isinstance(event, COUNT_EVENTS) else ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, COUNT_EVENTS):
        page.put(counted(r, event, page.get(CountRow, event.count_id)))


def row_of(history: Iterable[Recorded]) -> CountRow | None:
    """The row of one count, from its own events; None where there are none."""
    row: CountRow | None = None
    for r in history:
        if isinstance(r.event, COUNT_EVENTS):
            row = counted(r, r.event, row)
    return row


def counted(r: Recorded, event: CountEvent, row: CountRow | None) -> CountRow:
    at = r.meta.happened_at
    if row is None:
        if not isinstance(event, CountCreated):
            raise LookupError(f"{event.type} for count {event.count_id}, never created")
        row, state = CountRow(event.count_id, "", [], at, None, at), Count()
    else:
        state = count_of(row.document)
    if isinstance(event, CountApproved | CountCancelled):
        row.closed_at = at
    update_document(row, state, r)
    row.updated_at = r.meta.recorded_at
    row.facets = facets_in({"status": state.status, "location": state.location})
    return row


READ_MODEL = ReadModel(
    name="counts",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(CountRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in COUNT_EVENTS),
    by_stream=True,
)
