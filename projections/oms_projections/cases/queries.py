"""Queries about cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.cases.answers import CaseHistoryAnswer, CasesAnswer
from oms_ledger.domain.cases.events import CaseKind, Resolution
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.json_values import feed_item
from oms_ledger.kernel import Json, Log, Query, Reader, events_of, stream_id
from oms_projections.cases.fold import READ_MODEL, row_of
from oms_projections.cases.views import shown
from oms_projections.pages import Cursor, Limit, Mark, mark_of, mark_of_last, page
from oms_projections.search import facets_of
from oms_projections.values import WITHIN, Several, Within, is_of
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

OLDEST: Mark = ["-infinity", ""]
"""The mark before the first row: the time at which a case was opened, and its id."""


@dataclass(frozen=True, slots=True, config=STRICT)
class GetCase:
    case_id: str
    within: Within = field(default=None, init=False)


def get_case(params: GetCase, log: Log) -> Mapping[str, Json]:
    history = list(events_of(log, stream_id(ShipmentCase, params.case_id)))
    row = row_of(history)
    if row is None or not is_of(row.channel, params.within):
        raise NotFound(
            f"There is no case {params.case_id!r}, or was none yet. GET /v1/cases lists them."
        )
    return {**shown(asdict(row)), "events": [feed_item(r) for r in history]}


@dataclass(frozen=True, slots=True, config=STRICT)
class ListCases:
    """Oldest first. Statuses and the other filters may be several, with commas between. `order` is
    the id of one. For open cases of a certain age take `status=open` and `opened_to`.
    `opened_from` is inclusive, `opened_to` exclusive; a day alone is meant whole, in the time zone
    `tz`."""

    status: Several[Literal["open", "closed"]] = None
    kind: Several[CaseKind] = None
    resolution: Several[Resolution] = None
    order: Several[str] = None
    shipment: Several[str] = None
    carrier: Several[str] = None
    location: Several[str] = None
    channel: Several[str] = None
    opened_from: DayOrTime | None = None
    opened_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_cases(params: ListCases, reader: Reader) -> Mapping[str, Json]:
    after, after_id = mark_of(params.cursor, OLDEST) if params.cursor else (None, None)
    rows = reader.rows(
        "list_cases",
        **_facets(params),
        open=True if params.status == ("open",) else None,
        within=None if params.within is None else list(params.within),
        opened_from=period_start(params.opened_from, params.tz),
        opened_to=period_end(params.opened_to, params.tz),
        after=after,
        after_id=after_id,
        limit=params.limit,
    )
    last = mark_of_last(rows, "opened_at", "case_id")
    return page([shown(row) for row in rows], params.limit, last)


def _facets(params: ListCases) -> dict[str, list[str] | None]:
    """Values of filters as they stand in `CaseRow.facets`."""
    wanted: Mapping[str, tuple[str, ...] | None] = {
        "status": params.status,
        "kind": params.kind,
        "resolution": params.resolution,
        "order": params.order,
        "shipment": params.shipment,
        "carrier": params.carrier,
        "location": params.location,
        "channel": params.channel,
    }
    return {name: facets_of(name, values) for name, values in wanted.items()}


QUERIES = (
    Query(
        "get_case",
        "/v1/cases/{case_id}",
        "orders:read",
        None,
        GetCase,
        get_case,
        "One case of a shipment with all its events",
        get_case,
        within_channels=WITHIN,
        answer_type=CaseHistoryAnswer,
    ),
    Query(
        "list_cases",
        "/v1/cases",
        "orders:read",
        READ_MODEL.name,
        ListCases,
        list_cases,
        "Cases of shipments: lost, damaged, returned, refused, delayed",
        "All cases of a past moment would take the whole log to answer. List the cases of now, and"
        " ask for each that matters: GET /v1/cases/{case_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=CasesAnswer,
    ),
)
