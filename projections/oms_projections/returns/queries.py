"""Queries about returns and return policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.returns.answers import (
    ReturnDetailAnswer,
    ReturnPoliciesAnswer,
    ReturnsAnswer,
)
from oms_ledger.domain.returns.state import Return, ReturnPolicy
from oms_ledger.domain.returns.views import return_policy_view
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page
from oms_projections.returns.fold import READ_MODEL, row_of
from oms_projections.returns.views import shown
from oms_projections.search import facets_of, text_filter
from oms_projections.values import WITHIN, Several, Within, is_of, maybe
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)
Status = Literal[
    "requested",
    "approved",
    "partially_received",
    "received",
    "declined",
    "cancelled",
    "closed",
]


@dataclass(frozen=True, slots=True, config=STRICT)
class GetReturn:
    return_id: str
    within: Within = field(default=None, init=False)


def _answer(params: GetReturn, rows: Rows) -> Mapping[str, Json]:
    if not rows or not is_of(maybe(rows[0], "channel", str), params.within):
        raise NotFound(
            f"There is no return {params.return_id!r}, or was none yet. GET /v1/returns lists them."
        )
    return shown(rows[0])


RETURN = Lookup("returns_by_id", lambda params: params.return_id, _answer)


def get_return(params: GetReturn, reader: Reader) -> Mapping[str, Json]:
    return looked_up(RETURN, params, reader)


def get_return_as_of(params: GetReturn, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Return, params.return_id)))
    if row is None or not is_of(row.channel, params.within):
        raise NotFound(
            f"There was no return {params.return_id!r} then. Ask without as_of, or for a later"
            " time."
        )
    return shown(asdict(row))


@dataclass(frozen=True, slots=True, config=STRICT)
class ListReturns:
    """Newest first. Statuses and the other filters may be several, with commas between. `order` is
    the id of one; `location` where the goods are to go, or some were received; `condition` that of
    received goods. `refund_owed`: goods came back, or a claim was accepted, and the price that was
    agreed to be given back was not. `q` is looked for, whatever its case, in order number and
    return id. `..._from` is inclusive, `..._to` exclusive; a day alone is meant
    whole, in the time zone `tz`."""

    status: Several[Status] = None
    kind: Several[Literal["return", "exchange", "claim"]] = None
    resolution: Several[Literal["refund", "exchange", "store_credit", "replacement", "none"]] = None
    order: Several[str] = None
    location: Several[str] = None
    channel: Several[str] = None
    customer: Several[str] = None
    condition: Several[Literal["resellable", "damaged", "wrong_item"]] = None
    refund_owed: bool | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    requested_from: DayOrTime | None = None
    requested_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_returns(params: ListReturns, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_returns",
        **_facets(params),
        within=None if params.within is None else list(params.within),
        refund_owed=["refund:owed"] if params.refund_owed is True else None,
        refund_not_owed=["refund:owed"] if params.refund_owed is False else None,
        **text_filter(params.q),
        requested_from=period_start(params.requested_from, params.tz),
        requested_to=period_end(params.requested_to, params.tz),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "requested_at", "return_id")
    return page([shown(row) for row in rows], params.limit, last)


def _facets(params: ListReturns) -> dict[str, list[str] | None]:
    """Values of filters as they stand in `ReturnRow.facets`."""
    wanted: Mapping[str, tuple[str, ...] | None] = {
        "status": params.status,
        "kind": params.kind,
        "resolution": params.resolution,
        "order": params.order,
        "location": params.location,
        "channel": params.channel,
        "customer": params.customer,
        "condition": params.condition,
    }
    return {name: facets_of(name, values) for name, values in wanted.items()}


@dataclass(frozen=True, slots=True, config=STRICT)
class ListReturnPolicies:
    """All of them, by name."""


def list_return_policies(params: ListReturnPolicies, log: Log) -> Mapping[str, Json]:
    policies = [log.fold(ReturnPolicy, name) for name in log.keys(ReturnPolicy)]
    return {"items": [return_policy_view(policy) for policy in policies]}


QUERIES = (
    Query(
        "get_return",
        "/v1/returns/{return_id}",
        "orders:read",
        READ_MODEL.name,
        GetReturn,
        get_return,
        "One return",
        get_return_as_of,
        within_channels=WITHIN,
        answer_type=ReturnDetailAnswer,
        direct=RETURN,
    ),
    Query(
        "list_returns",
        "/v1/returns",
        "orders:read",
        READ_MODEL.name,
        ListReturns,
        list_returns,
        "Returns, exchanges and claims",
        "All returns of a past moment would take the whole log to answer. List the returns of now,"
        " and ask for each that matters: GET /v1/returns/{return_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=ReturnsAnswer,
    ),
    Query(
        "list_return_policies",
        "/v1/return-policies",
        "orders:read",
        None,
        ListReturnPolicies,
        list_return_policies,
        "Return policies",
        list_return_policies,
        within_channels=True,
        answer_type=ReturnPoliciesAnswer,
    ),
)
