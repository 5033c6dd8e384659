"""Queries about reservations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.identifiers import channel_key
from oms_ledger.domain.reservations.answers import ReservationAnswer, ReservationsAnswer
from oms_ledger.domain.reservations.state import Reservation
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page
from oms_projections.reservations.fold import READ_MODEL, row_of
from oms_projections.reservations.views import shown
from oms_projections.values import WITHIN, Several, Within, is_of, maybe

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetReservation:
    reservation_id: str
    within: Within = field(default=None, init=False)


def _answer(params: GetReservation, rows: Rows) -> Mapping[str, Json]:
    if rows and is_of(maybe(rows[0], "channel", str), params.within):
        return shown(rows[0])
    raise NotFound(
        f"There is no reservation {params.reservation_id!r}, or was none yet. GET /v1/reservations"
        " lists them."
    )


RESERVATION = Lookup("reservations_by_id", lambda params: params.reservation_id, _answer)


def get_reservation(params: GetReservation, reader: Reader) -> Mapping[str, Json]:
    return looked_up(RESERVATION, params, reader)


def get_reservation_as_of(params: GetReservation, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Reservation, params.reservation_id)))
    return _answer(params, [] if row is None else [asdict(row)])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListReservations:
    """Newest first. Statuses and channels may be several, with commas between."""

    status: Several[Literal["active", "released", "expired", "used"]] = None
    channel: Several[str] = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_reservations(params: ListReservations, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_reservations",
        status=None if params.status is None else list(params.status),
        channel=None if params.channel is None else [channel_key(each) for each in params.channel],
        within=None if params.within is None else list(params.within),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "created_at", "reservation_id")
    return page([shown(row) for row in rows], params.limit, last)


QUERIES = (
    Query(
        "get_reservation",
        "/v1/reservations/{reservation_id}",
        "orders:read",
        READ_MODEL.name,
        GetReservation,
        get_reservation,
        "One reservation",
        get_reservation_as_of,
        within_channels=WITHIN,
        answer_type=ReservationAnswer,
        direct=RESERVATION,
    ),
    Query(
        "list_reservations",
        "/v1/reservations",
        "orders:read",
        READ_MODEL.name,
        ListReservations,
        list_reservations,
        "Stock that is held for orders that may follow",
        "All reservations of a past moment would take the whole log to answer. List those of now,"
        " and ask for each that matters: GET /v1/reservations/{reservation_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=ReservationsAnswer,
    ),
)
