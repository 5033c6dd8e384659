"""Events of fulfilment orders folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.fulfilment.events import ShipmentCreated
from oms_ledger.domain.fulfilments.events import (
    FULFILMENT_EVENTS,
    FulfilmentAccepted,
    FulfilmentOpened,
    FulfilmentPicked,
    FulfilmentRejected,
)
from oms_ledger.domain.fulfilments.state import Fulfilment
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.fulfilment_queue.rows import FulfilmentRow
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(Fulfilment).decode
"""The fulfilment order of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, ShipmentCreated):
        if event.fulfilment_id is not None:
            return ((FulfilmentRow, (event.fulfilment_id,)),)
    elif isinstance(event, FULFILMENT_EVENTS) and not isinstance(event, FulfilmentOpened):
        return ((FulfilmentRow, (event.fulfilment_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, FulfilmentOpened):
        page.add(opened(r, event))
    elif isinstance(event, ShipmentCreated):
        if event.fulfilment_id is not None:
            _packed(r, event.fulfilment_id, page)
    elif isinstance(event, FULFILMENT_EVENTS):
        row = page.get(FulfilmentRow, event.fulfilment_id)
        if row is None:
            raise LookupError(f"{event.type} for {event.fulfilment_id}, never opened")
        _update(row, state_of(row.document), r)
        page.put(row)


def opened(r: Recorded, event: FulfilmentOpened) -> FulfilmentRow:
    at = r.meta.happened_at
    row = FulfilmentRow(
        fulfilment_id=event.fulfilment_id,
        order_id=event.order_id,
        channel=event.channel,
        location=event.location,
        sensitive=event.sensitive,
        document="",
        position=r.position,
        opened_at=at,
        accepted_at=None,
        rejected_at=None,
        picked_at=None,
        packed_at=None,
        picked=0,
        short=0,
        overdue=False,
        updated_at=r.meta.recorded_at,
    )
    _update(row, Fulfilment(), r)
    return row


def _update(row: FulfilmentRow, fulfilment: Fulfilment, r: Recorded) -> None:
    event, at = r.event, r.meta.happened_at
    if isinstance(event, FulfilmentAccepted):
        row.accepted_at = row.accepted_at or at
    elif isinstance(event, FulfilmentRejected):
        row.rejected_at = row.rejected_at or at
    elif isinstance(event, FulfilmentPicked):
        row.picked_at = at
        row.picked += sum(line.quantity for line in event.lines)
        row.short += sum(line.quantity for line in event.short)
    update_document(row, fulfilment, r)
    row.position = r.position
    row.overdue = fulfilment.overdue
    row.updated_at = r.meta.recorded_at


def _packed(r: Recorded, fulfilment_id: str, page: Page) -> None:
    row = page.get(FulfilmentRow, fulfilment_id)
    if row is None:
        raise LookupError(f"{r.event.type} for {fulfilment_id}, never opened")
    if row.packed_at is None:
        row.packed_at = r.meta.happened_at
        page.put(row)


READ_MODEL = ReadModel(
    name="fulfilment_queue",
    version=2,
    package=__name__.rpartition(".")[0],
    rows=(FulfilmentRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in (*FULFILMENT_EVENTS, ShipmentCreated)),
)
