"""Queries about deadlines: what is due, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.deadline_answers import DeadlinesAnswer
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.kernel import Json, Query, Reader
from oms_projections.deadlines.fold import READ_MODEL
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.values import Several, column
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)

FIRST: Mark = ["-infinity", "", ""]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListDeadlines:
    """The earliest first. `key` is the id of the thing that has the deadline, of an order for
    instance."""

    kind: Several[str] = None
    key: Annotated[str, Field(max_length=200)] | None = None
    due_before: DayOrTime | None = None
    tz: Zone = UTC_NAME
    cursor: Cursor = None
    limit: Limit = 50


def list_deadlines(params: ListDeadlines, reader: Reader) -> Mapping[str, Json]:
    due, kind, key = mark_of(params.cursor, FIRST) if params.cursor else FIRST
    rows = reader.rows(
        "list_deadlines",
        kind=list(params.kind) if params.kind else None,
        key=params.key,
        due_before=period_end(params.due_before, params.tz),
        after=due,
        after_kind=kind,
        after_id=key,
        limit=params.limit,
    )
    items: list[Mapping[str, Json]] = [
        {
            "kind": column(row, "kind", str),
            "key": column(row, "id", str),
            "due_at": rfc3339(column(row, "due_at", datetime)),
            "position": column(row, "position", int),
        }
        for row in rows
    ]
    last: Mark | None = None
    if items:
        last = [str(items[-1][name]) for name in ("due_at", "kind", "key")]
    return page(items, params.limit, last)


QUERIES = (
    Query(
        "list_deadlines",
        "/v1/deadlines",
        "orders:read",
        READ_MODEL.name,
        ListDeadlines,
        list_deadlines,
        "What the ledger will do by itself, and when",
        "Deadlines are shown as they are now. What an order waited for in the past:"
        " GET /v1/orders/{order_id}?as_of=.",
        answer_type=DeadlinesAnswer,
    ),
)
