"""Queries about drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.drafts.answers import DraftAnswer, DraftsAnswer
from oms_ledger.domain.drafts.state import Draft
from oms_ledger.domain.errors import NotFound
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.drafts.fold import READ_MODEL, row_of
from oms_projections.drafts.views import shown
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page
from oms_projections.search import facets_of, text_filter
from oms_projections.values import WITHIN, Several, Within, is_of, maybe

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetDraft:
    draft_id: str
    within: Within = field(default=None, init=False)


def _answer(params: GetDraft, rows: Rows) -> Mapping[str, Json]:
    if rows and is_of(maybe(rows[0], "channel", str), params.within):
        answer = shown(rows[0])
        if answer["status"] != "deleted":
            return answer
    raise NotFound(
        f"There is no draft {params.draft_id!r}, or was none yet. GET /v1/drafts lists them."
    )


DRAFT = Lookup("drafts_by_id", lambda params: params.draft_id, _answer)


def get_draft(params: GetDraft, reader: Reader) -> Mapping[str, Json]:
    return looked_up(DRAFT, params, reader)


def get_draft_as_of(params: GetDraft, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Draft, params.draft_id)))
    return _answer(params, [] if row is None else [asdict(row)])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListDrafts:
    """Newest first. Statuses, channels and customers may be several, with commas between. `q` is
    looked for, whatever its case, in the draft's id and its external id, but not in the external id
    of a sensitive draft. Deleted drafts are not shown."""

    status: Several[Literal["open", "placed"]] = None
    channel: Several[str] = None
    customer: Several[str] = None
    q: Annotated[str, Field(max_length=200)] | None = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_drafts(params: ListDrafts, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_drafts",
        status=facets_of("status", params.status or ("open", "placed")),
        channel=facets_of("channel", params.channel),
        customer=facets_of("customer", params.customer),
        within=None if params.within is None else list(params.within),
        **text_filter(params.q),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "created_at", "draft_id")
    return page([shown(row) for row in rows], params.limit, last)


QUERIES = (
    Query(
        "get_draft",
        "/v1/drafts/{draft_id}",
        "orders:read",
        READ_MODEL.name,
        GetDraft,
        get_draft,
        "One draft",
        get_draft_as_of,
        within_channels=WITHIN,
        answer_type=DraftAnswer,
        direct=DRAFT,
    ),
    Query(
        "list_drafts",
        "/v1/drafts",
        "orders:read",
        READ_MODEL.name,
        ListDrafts,
        list_drafts,
        "Orders that are being prepared",
        "All drafts of a past moment would take the whole log to answer. List the drafts of now,"
        " and ask for each that matters: GET /v1/drafts/{draft_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=DraftsAnswer,
    ),
)
