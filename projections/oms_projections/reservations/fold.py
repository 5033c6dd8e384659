"""Events of reservations folded into rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from oms_ledger.domain.reservations.events import (
    RESERVATION_EVENTS,
    ReservationCreated,
    ReservationEvent,
)
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.kernel import Page, ReadModel, Recorded, RowKey
from oms_projections.reservations.rows import ReservationRow
from oms_projections.state_documents import update_document

state_of = msgspec.json.Decoder(Reservation).decode
"""The reservation of a row, from its `document`."""


def touches(r: Recorded) -> Iterable[RowKey]:
    event = r.event
    if isinstance(event, RESERVATION_EVENTS) and r.version > 1:
        return ((ReservationRow, (event.reservation_id,)),)
    return ()


def fold(r: Recorded, page: Page) -> None:
    event = r.event
    if not isinstance(event, RESERVATION_EVENTS):
        return
    row = None if r.version == 1 else page.get(ReservationRow, event.reservation_id)
    page.put(followed(row, r, event))


def row_of(history: Iterable[Recorded]) -> ReservationRow | None:
    """The row of one reservation, from its own events; None where there are none."""
    row: ReservationRow | None = None
    for r in history:
        if isinstance(r.event, RESERVATION_EVENTS):
            row = followed(row, r, r.event)
    return row


def followed(row: ReservationRow | None, r: Recorded, event: ReservationEvent) -> ReservationRow:
    """The row after an event; None: before the first."""
    at, reservation = r.meta.recorded_at, Reservation()
    if row is None:
        if not isinstance(event, ReservationCreated):
            raise LookupError(f"{event.type} for reservation {event.reservation_id}, never created")
        row = ReservationRow(event.reservation_id, event.channel, "", event.expires_at, "", at, at)
    else:
        reservation = state_of(row.document)
    update_document(row, reservation, r)
    row.status = reservation.status
    row.expires_at = reservation.expires_at or row.expires_at
    row.updated_at = at
    return row


READ_MODEL = ReadModel(
    name="reservations",
    version=1,
    package=__name__.rpartition(".")[0],
    rows=(ReservationRow,),
    touches=touches,
    fold=fold,
    event_types=frozenset(e.type for e in RESERVATION_EVENTS),
    by_stream=True,
)
