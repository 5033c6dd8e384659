"""Events of inbound deliveries, of transfers and of expected units folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.catalogue.events import ProductDefined
from oms_ledger.domain.inbound.events import (
    INBOUND_EVENTS,
    InboundCreated,
    InboundEvent,
    InboundReceived,
)
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.stock.events import IncomingStockAdded, IncomingStockRemoved
from oms_ledger.domain.transfers.events import (
    TRANSFER_EVENTS,
    TransferCreated,
    TransferEvent,
    TransferReceived,
    TransferShipped,
)
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.inbound.rows import InboundRow, IncomingProductRow, IncomingRow, TransferRow
from oms_projections.search import facets_in
from oms_projections.state_documents import update_document

INCOMING_EVENTS = (IncomingStockAdded, IncomingStockRemoved)

inbound_of = msgspec.json.Decoder(Inbound).decode
"""The delivery of a row, from its `document`."""
transfer_of = msgspec.json.Decoder(Transfer).decode
"""The transfer of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, INCOMING_EVENTS):
        return ((IncomingRow, (event.sku, event.location, event.source)),)
    if isinstance(event, INBOUND_EVENTS):
        return ((InboundRow, (event.inbound_id,)),)
    if isinstance(event, TRANSFER_EVENTS):
        return ((TransferRow, (event.transfer_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if isinstance(event, ProductDefined):
        page.put(IncomingProductRow(event.sku, event.sensitive))
    elif isinstance(event, INCOMING_EVENTS):
        page.put(incoming(event, page))
    elif isinstance(event, INBOUND_EVENTS):
        page.put(inbound(r, event, page.get(InboundRow, event.inbound_id)))
    elif isinstance(event, TRANSFER_EVENTS):
        page.put(transfer(r, event, page.get(TransferRow, event.transfer_id)))


def incoming(event: IncomingStockAdded | IncomingStockRemoved, page: Page) -> IncomingRow:
    row = page.get(IncomingRow, event.sku, event.location, event.source)
    if row is None:
        row = IncomingRow(event.sku, event.location, event.source, 0, None)
    if isinstance(event, IncomingStockAdded):
        row.quantity += event.quantity
        row.expected_at = event.expected_at
    else:
        row.quantity -= event.quantity
    return row


def inbound_row(history: Iterable[Recorded]) -> InboundRow | None:
    """The row of one delivery, from its own events; None where there are none."""
    row: InboundRow | None = None
    for r in history:
        if isinstance(r.event, INBOUND_EVENTS):
            row = inbound(r, r.event, row)
    return row


def inbound(r: Recorded, event: InboundEvent, row: InboundRow | None) -> InboundRow:
    at = r.meta.happened_at
    if row is None:
        if not isinstance(event, InboundCreated):
            raise LookupError(f"{event.type} for delivery {event.inbound_id}, never created")
        row = InboundRow(event.inbound_id, "", [], event.expected_at, at, None, at)
        state = Inbound()
    else:
        state = inbound_of(row.document)
    if isinstance(event, InboundReceived):
        row.received_at = at
    update_document(row, state, r)
    row.updated_at = r.meta.recorded_at
    row.facets = facets_in(
        {"status": state.status, "location": state.location, "supplier": state.supplier}
    )
    return row


def transfer_row(history: Iterable[Recorded]) -> TransferRow | None:
    """The row of one transfer, from its own events; None where there are none."""
    row: TransferRow | None = None
    for r in history:
        if isinstance(r.event, TRANSFER_EVENTS):
            row = transfer(r, r.event, row)
    return row


def transfer(r: Recorded, event: TransferEvent, row: TransferRow | None) -> TransferRow:
    at = r.meta.happened_at
    if row is None:
        if not isinstance(event, TransferCreated):
            raise LookupError(f"{event.type} for transfer {event.transfer_id}, never created")
        row = TransferRow(event.transfer_id, "", [], at, None, None, at)
        state = Transfer()
    else:
        state = transfer_of(row.document)
    if isinstance(event, TransferShipped):
        row.shipped_at = at
    elif isinstance(event, TransferReceived):
        row.received_at = at
    update_document(row, state, r)
    row.updated_at = r.meta.recorded_at
    row.facets = facets_in(
        {"status": state.status, "from": state.from_location, "to": state.to_location}
    )
    return row


READ_MODEL = ReadModel(
    name="inbound",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(InboundRow, TransferRow, IncomingRow, IncomingProductRow),
    touches=touches,
    fold=fold,
    event_types=frozenset(
        e.type for e in (*INBOUND_EVENTS, *TRANSFER_EVENTS, *INCOMING_EVENTS, ProductDefined)
    ),
    by_stream=True,
)
