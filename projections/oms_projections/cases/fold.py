"""Events of cases folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.cases.events import (
    CASE_EVENTS,
    CaseClosed,
    CaseEvent,
    CaseOpened,
    CaseReopened,
)
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.cases.rows import CaseRow
from oms_projections.search import facets_in
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(ShipmentCase).decode
"""The case of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, CASE_EVENTS) and not isinstance(event, CaseOpened):
        return ((CaseRow, (event.case_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, CaseOpened):
        page.add(opened(r, event))
    elif isinstance(event, CASE_EVENTS):
        row = page.get(CaseRow, event.case_id)
        if row is None:
            raise LookupError(f"{event.type} for case {event.case_id}, never opened")
        changed(row, r, event)
        page.put(row)


def row_of(history: Iterable[Recorded]) -> CaseRow | None:
    """The row of one case, from its own events; None where there are none."""
    row: CaseRow | None = None
    for r in history:
        if isinstance(r.event, CaseOpened):
            row = opened(r, r.event)
        elif row is not None and isinstance(r.event, CASE_EVENTS):
            changed(row, r, r.event)
    return row


def opened(r: Recorded, event: CaseOpened) -> CaseRow:
    at, actor = r.meta.happened_at, r.meta.actor
    row = CaseRow(event.case_id, event.channel, "", [], at, actor, None, None, r.meta.recorded_at)
    update(row, ShipmentCase(), r)
    return row


def changed(row: CaseRow, r: Recorded, event: CaseEvent) -> None:
    if isinstance(event, CaseClosed):
        row.closed_at, row.closed_by = r.meta.happened_at, r.meta.actor
    elif isinstance(event, CaseReopened):
        row.closed_at, row.closed_by = None, None
    update(row, state_of(row.document), r)


def update(row: CaseRow, case: ShipmentCase, r: Recorded) -> None:
    """Fold an event into the state, and bring up to date what follows from it."""
    update_document(row, case, r)
    row.updated_at = r.meta.recorded_at
    first, closed = case.first_event, case.closed
    row.facets = facets_in(
        {
            "status": case.status,
            "kind": first.kind,
            "resolution": None if closed is None else closed.resolution,
            "order": first.order_id,
            "shipment": first.shipment_id,
            "carrier": first.carrier,
            "location": first.location,
            "channel": first.channel,
        }
    )


READ_MODEL = ReadModel(
    name="cases",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(CaseRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in CASE_EVENTS),
    by_stream=True,
)
