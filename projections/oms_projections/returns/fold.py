"""Events of returns folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.returns.events import (
    RETURN_EVENTS,
    ReturnCancelled,
    ReturnClosed,
    ReturnDeclined,
    ReturnEvent,
    ReturnReceived,
    ReturnReopened,
    ReturnRequested,
)
from oms_ledger.domain.returns.refunds import REFUNDED
from oms_ledger.domain.returns.state import Return
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.returns.rows import ReturnRow
from oms_projections.search import facets_in, folded, grams
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(Return).decode
"""The return of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, RETURN_EVENTS) and not isinstance(event, ReturnRequested):
        return ((ReturnRow, (event.return_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ReturnRequested):
        page.add(requested(r, event))
    elif isinstance(event, RETURN_EVENTS):
        row = page.get(ReturnRow, event.return_id)
        if row is None:
            raise LookupError(f"{event.type} for return {event.return_id}, never requested")
        moved(row, r, event)
        page.put(row)


def row_of(history: Iterable[Recorded]) -> ReturnRow | None:
    """The row of one return, from its own events; None where there are none."""
    row: ReturnRow | None = None
    for r in history:
        if isinstance(r.event, ReturnRequested):
            row = requested(r, r.event)
        elif row is not None and isinstance(r.event, RETURN_EVENTS):
            moved(row, r, r.event)
    return row


def requested(r: Recorded, event: ReturnRequested) -> ReturnRow:
    at = r.meta.happened_at
    row = ReturnRow(
        event.return_id, event.channel, "", [], "", [], at, None, None, r.meta.recorded_at
    )
    update(row, Return(), r)
    return row


def moved(row: ReturnRow, r: Recorded, event: ReturnEvent) -> None:
    at = r.meta.happened_at
    if isinstance(event, ReturnReceived):
        row.received_at = at
    elif isinstance(event, (ReturnClosed, ReturnCancelled, ReturnDeclined)):
        row.closed_at = at
    elif isinstance(event, ReturnReopened):
        row.closed_at = None
    update(row, state_of(row.document), r)


def update(row: ReturnRow, return_: Return, r: Recorded) -> None:
    """Fold an event into the state, and bring up to date what follows from it."""
    update_document(row, return_, r)
    row.updated_at = r.meta.recorded_at
    row.facets = facets(return_)
    number = return_.requested.order_number if return_.requested else None
    row.search = folded("\n".join((row.return_id, number or "")))
    row.grams = grams(row.search)


def facets(return_: Return) -> list[str]:
    """The column `facets` of a return. Its locations are those where it is to go, and where some of
    it was received."""
    requested = return_.requested
    if requested is None:
        return []
    receipts = [units for line in return_.lines.values() for units in line.receipts]
    named: dict[str, str | None] = {
        "status": return_.status,
        "kind": requested.kind,
        "resolution": requested.resolution,
        "order": requested.order_id,
        "channel": requested.channel,
        "customer": requested.customer_id,
        "refund": "owed" if owes_refund(return_) else None,
    }
    locations = {units.location for units in receipts} | {requested.location}
    conditions = {units.condition for units in receipts}
    return [
        *facets_in(named),
        *(f"location:{each}" for each in sorted(filter(None, locations))),
        *(f"condition:{each}" for each in sorted(conditions)),
    ]


def owes_refund(return_: Return) -> bool:
    """Whether units came back, or were claimed, whose price was agreed to be given back and was
    not."""
    requested = return_.requested
    if requested is None or return_.stage != "approved":
        return False
    if requested.resolution not in REFUNDED:
        return False
    return any(
        (line.requested if return_.is_claim else line.received) > line.credited
        for line in return_.lines.values()
    )


READ_MODEL = ReadModel(
    name="returns",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(ReturnRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in RETURN_EVENTS),
    by_stream=True,
)
