"""Events of messages folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.messages.events import MESSAGE_EVENTS, MessageRequested
from oms_ledger.domain.messages.state import Message
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.messages.rows import MessageRow
from oms_projections.search import facets_in
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(Message).decode
"""The message of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, MESSAGE_EVENTS) and not isinstance(event, MessageRequested):
        return ((MessageRow, (event.message_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, MessageRequested):
        page.add(requested(r, event))
    elif isinstance(event, MESSAGE_EVENTS):
        row = page.get(MessageRow, event.message_id)
        if row is None:
            raise LookupError(f"{event.type} for message {event.message_id}, never requested")
        update(row, state_of(row.document), r)
        page.put(row)


def row_of(history: Iterable[Recorded]) -> MessageRow | None:
    """The row of one message, from its own events; None where there are none."""
    row: MessageRow | None = None
    for r in history:
        if isinstance(r.event, MessageRequested):
            row = requested(r, r.event)
        elif row is not None:
            update(row, state_of(row.document), r)
    return row


def requested(r: Recorded, event: MessageRequested) -> MessageRow:
    meta = r.meta
    row = MessageRow(event.message_id, event.channel, "", [], meta.happened_at, meta.recorded_at)
    update(row, Message(), r)
    return row


def update(row: MessageRow, message: Message, r: Recorded) -> None:
    """Fold an event into the state, and bring up to date what follows from it."""
    update_document(row, message, r)
    first = message.first_event
    row.updated_at = r.meta.recorded_at
    row.facets = facets_in(
        {"status": message.status, "template": first.template, "order": first.order_id}
    )


READ_MODEL = ReadModel(
    name="messages",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(MessageRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in MESSAGE_EVENTS),
    by_stream=True,
)
