"""Queries about counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.counts.answers import CountDetailAnswer, CountsAnswer
from oms_ledger.domain.counts.state import Count
from oms_ledger.domain.counts.views import count_view
from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.counts.fold import READ_MODEL, count_of, row_of
from oms_projections.direct import looked_up
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page
from oms_projections.search import facets_of
from oms_projections.values import Several, column, maybe_time

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

TIMES = ("created_at", "closed_at", "updated_at")


def shown(row: Mapping[str, object]) -> dict[str, Json]:
    state = count_of(column(row, "document", str))
    return {
        **count_view(column(row, "count_id", str), state),
        **{name: maybe_time(row, name) for name in TIMES},
    }


@dataclass(frozen=True, slots=True, config=STRICT)
class GetCount:
    count_id: str


def _count(params: GetCount, rows: Rows) -> Mapping[str, Json]:
    if not rows:
        raise NotFound(
            f"There is no count {params.count_id!r}, or was none yet. GET /v1/counts lists them."
        )
    return shown(rows[0])


COUNT = Lookup("counts_by_id", lambda params: params.count_id, _count)


def get_count(params: GetCount, reader: Reader) -> Mapping[str, Json]:
    return looked_up(COUNT, params, reader)


def get_count_as_of(params: GetCount, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Count, params.count_id)))
    return _count(params, [asdict(row)] if row else [])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListCounts:
    """Newest first. Filters may be several, with commas between."""

    status: Several[Literal["requested", "counting", "counted", "approved", "cancelled"]] = None
    location: Several[str] = None
    cursor: Cursor = None
    limit: Limit = 50


def list_counts(params: ListCounts, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_counts",
        status=facets_of("status", params.status),
        location=facets_of("location", params.location),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "created_at", "count_id")
    return page([shown(row) for row in rows], params.limit, last)


QUERIES = (
    Query(
        "get_count",
        "/v1/counts/{count_id}",
        "stock:read",
        READ_MODEL.name,
        GetCount,
        get_count,
        "One count",
        get_count_as_of,
        answer_type=CountDetailAnswer,
        direct=COUNT,
    ),
    Query(
        "list_counts",
        "/v1/counts",
        "stock:read",
        READ_MODEL.name,
        ListCounts,
        list_counts,
        "Counts of stock",
        "All counts of a past moment would take the whole log to answer. List the counts of now,"
        " and ask for each that matters: GET /v1/counts/{count_id}?as_of=.",
        answer_type=CountsAnswer,
    ),
)
