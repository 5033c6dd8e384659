"""Queries about inbound deliveries, transfers and expected units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.inbound.answers import (
    InboundDetailAnswer,
    InboundListAnswer,
    IncomingAnswer,
)
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.transfers.answers import TransferDetailAnswer, TransfersAnswer
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.inbound.fold import READ_MODEL, inbound_row, transfer_row
from oms_projections.inbound.views import delivery, expected, transfer
from oms_projections.pages import (
    Cursor,
    Limit,
    Mark,
    after_newest,
    mark_of,
    mark_of_last,
    page,
)
from oms_projections.search import facets_of
from oms_projections.values import Several, column, maybe_time
from oms_projections.zones import UTC_NAME, DayOrTime, Zone, period_end, period_start

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetInbound:
    inbound_id: str


def _inbound(params: GetInbound, rows: Rows) -> Mapping[str, Json]:
    if not rows:
        raise NotFound(
            f"There is no inbound delivery {params.inbound_id!r}, or was none yet. GET /v1/inbound"
            " lists them."
        )
    return delivery(rows[0])


INBOUND = Lookup("inbound_by_id", lambda params: params.inbound_id, _inbound)


def get_inbound(params: GetInbound, reader: Reader) -> Mapping[str, Json]:
    return looked_up(INBOUND, params, reader)


def get_inbound_as_of(params: GetInbound, log: Log) -> Mapping[str, Json]:
    row = inbound_row(events_of(log, stream_id(Inbound, params.inbound_id)))
    return _inbound(params, [asdict(row)] if row else [])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListInbound:
    """Newest first. Filters may be several, with commas between. `expected_from` is inclusive,
    `expected_to` exclusive; a day alone is meant whole, in the time zone `tz`."""

    status: Several[
        Literal["expected", "partially_received", "received", "closed", "cancelled"]
    ] = None
    location: Several[str] = None
    supplier: Several[str] = None
    expected_from: DayOrTime | None = None
    expected_to: DayOrTime | None = None
    tz: Zone = UTC_NAME
    cursor: Cursor = None
    limit: Limit = 50


def list_inbound(params: ListInbound, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_inbound",
        status=facets_of("status", params.status),
        location=facets_of("location", params.location),
        supplier=facets_of("supplier", params.supplier),
        expected_from=period_start(params.expected_from, params.tz),
        expected_to=period_end(params.expected_to, params.tz),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "created_at", "inbound_id")
    return page([delivery(row) for row in rows], params.limit, last)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetTransfer:
    transfer_id: str


def _transfer(params: GetTransfer, rows: Rows) -> Mapping[str, Json]:
    if not rows:
        raise NotFound(
            f"There is no transfer {params.transfer_id!r}, or was none yet. GET /v1/transfers lists"
            " them."
        )
    return transfer(rows[0])


TRANSFER = Lookup("transfers_by_id", lambda params: params.transfer_id, _transfer)


def get_transfer(params: GetTransfer, reader: Reader) -> Mapping[str, Json]:
    return looked_up(TRANSFER, params, reader)


def get_transfer_as_of(params: GetTransfer, log: Log) -> Mapping[str, Json]:
    row = transfer_row(events_of(log, stream_id(Transfer, params.transfer_id)))
    return _transfer(params, [asdict(row)] if row else [])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListTransfers:
    """Newest first. Filters may be several, with commas between."""

    status: Several[
        Literal["draft", "in_transit", "partially_received", "received", "closed", "cancelled"]
    ] = None
    from_location: Several[str] = None
    to_location: Several[str] = None
    cursor: Cursor = None
    limit: Limit = 50


def list_transfers(params: ListTransfers, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_transfers",
        status=facets_of("status", params.status),
        from_location=facets_of("from", params.from_location),
        to_location=facets_of("to", params.to_location),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "created_at", "transfer_id")
    return page([transfer(row) for row in rows], params.limit, last)


UNDATED = "3000-01-01T00:00:00Z"
"""Later than any date, for the order of what has none; as in `queries.sql`."""

FIRST_INCOMING: Mark = ["", "", "", ""]


@dataclass(frozen=True, slots=True, config=STRICT)
class ListIncoming:
    """By SKU, the first date first. Without `with_sensitive`, as always without the scope
    sensitive:read, sensitive products are left out."""

    sku: Several[str] = None
    location: Several[str] = None
    with_sensitive: bool = True
    cursor: Cursor = None
    limit: Limit = 50


def list_incoming(params: ListIncoming, reader: Reader) -> Mapping[str, Json]:
    after: Mark | list[None] = [None] * 4
    if params.cursor:
        after = mark_of(params.cursor, FIRST_INCOMING)
    rows = reader.rows(
        "list_incoming",
        sku=None if params.sku is None else list(params.sku),
        location=None if params.location is None else list(params.location),
        with_sensitive=params.with_sensitive,
        after_sku=after[0],
        after_due=after[1],
        after_location=after[2],
        after_source=after[3],
        limit=params.limit,
    )
    return page([expected(row) for row in rows], params.limit, _last_incoming(rows))


def _last_incoming(rows: Rows) -> Mark | None:
    if not rows:
        return None
    last = rows[-1]
    texts = [column(last, name, str) for name in ("sku", "location", "source")]
    return [texts[0], maybe_time(last, "expected_at") or UNDATED, texts[1], texts[2]]


FILTER = "with_sensitive"

_AS_OF = (
    "All {what} of a past moment would take the whole log to answer. List those of now, and ask for"
    " each that matters: GET {path}?as_of=."
)

QUERIES = (
    Query(
        "get_inbound",
        "/v1/inbound/{inbound_id}",
        "stock:read",
        READ_MODEL.name,
        GetInbound,
        get_inbound,
        "One inbound delivery",
        get_inbound_as_of,
        answer_type=InboundDetailAnswer,
        direct=INBOUND,
    ),
    Query(
        "list_inbound",
        "/v1/inbound",
        "stock:read",
        READ_MODEL.name,
        ListInbound,
        list_inbound,
        "Inbound deliveries",
        _AS_OF.format(what="deliveries", path="/v1/inbound/{inbound_id}"),
        answer_type=InboundListAnswer,
    ),
    Query(
        "get_transfer",
        "/v1/transfers/{transfer_id}",
        "stock:read",
        READ_MODEL.name,
        GetTransfer,
        get_transfer,
        "One transfer",
        get_transfer_as_of,
        answer_type=TransferDetailAnswer,
        direct=TRANSFER,
    ),
    Query(
        "list_transfers",
        "/v1/transfers",
        "stock:read",
        READ_MODEL.name,
        ListTransfers,
        list_transfers,
        "Transfers between locations",
        _AS_OF.format(what="transfers", path="/v1/transfers/{transfer_id}"),
        answer_type=TransfersAnswer,
    ),
    Query(
        "list_incoming",
        "/v1/incoming",
        "stock:read",
        READ_MODEL.name,
        ListIncoming,
        list_incoming,
        "Units that are expected, by SKU, date and location",
        "All that was expected at a past moment would take the whole log to answer. List what is"
        " expected now, or read a delivery: GET /v1/inbound/{inbound_id}?as_of=.",
        sensitive_filter=FILTER,
        within_channels=True,
        answer_type=IncomingAnswer,
    ),
)
