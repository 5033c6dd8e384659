"""Queries about messages to customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Literal

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.messages.answers import MessageDetailAnswer, MessagesAnswer
from oms_ledger.domain.messages.events import Template
from oms_ledger.domain.messages.state import Message
from oms_ledger.kernel import Json, Log, Lookup, Query, Reader, Rows, events_of, stream_id
from oms_projections.direct import looked_up
from oms_projections.messages.fold import READ_MODEL, row_of
from oms_projections.messages.views import shown
from oms_projections.pages import Cursor, Limit, after_newest, mark_of_last, page
from oms_projections.search import facets_of
from oms_projections.values import WITHIN, Several, Within, is_of, maybe

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetMessage:
    message_id: str
    within: Within = field(default=None, init=False)


def _answer(params: GetMessage, rows: Rows) -> Mapping[str, Json]:
    if not rows or not is_of(maybe(rows[0], "channel", str), params.within):
        raise NotFound(
            f"There is no message {params.message_id!r}, or was none yet. GET /v1/messages lists"
            " them."
        )
    return shown(rows[0])


MESSAGE = Lookup("messages_by_id", lambda params: params.message_id, _answer)


def get_message(params: GetMessage, reader: Reader) -> Mapping[str, Json]:
    return looked_up(MESSAGE, params, reader)


def get_message_as_of(params: GetMessage, log: Log) -> Mapping[str, Json]:
    row = row_of(events_of(log, stream_id(Message, params.message_id)))
    return _answer(params, [] if row is None else [asdict(row)])


@dataclass(frozen=True, slots=True, config=STRICT)
class ListMessages:
    """Newest first. Statuses, templates and orders (their ids) may be several, with commas between.
    Those of the status `requested` are to be sent."""

    status: Several[Literal["requested", "sent", "failed"]] = None
    template: Several[Template] = None
    order: Several[str] = None
    cursor: Cursor = None
    limit: Limit = 50
    within: Within = field(default=None, init=False)


def list_messages(params: ListMessages, reader: Reader) -> Mapping[str, Json]:
    rows = reader.rows(
        "list_messages",
        status=facets_of("status", params.status),
        template=facets_of("template", params.template),
        order=facets_of("order", params.order),
        within=None if params.within is None else list(params.within),
        **after_newest(params.cursor),
        limit=params.limit,
    )
    last = mark_of_last(rows, "requested_at", "message_id")
    return page([shown(row) for row in rows], params.limit, last)


QUERIES = (
    Query(
        "get_message",
        "/v1/messages/{message_id}",
        "orders:read",
        READ_MODEL.name,
        GetMessage,
        get_message,
        "One message to a customer",
        get_message_as_of,
        within_channels=WITHIN,
        answer_type=MessageDetailAnswer,
        direct=MESSAGE,
    ),
    Query(
        "list_messages",
        "/v1/messages",
        "orders:read",
        READ_MODEL.name,
        ListMessages,
        list_messages,
        "Messages to customers: to be sent, sent, failed",
        "All messages of a past moment would take the whole log to answer. List the messages of"
        " now, and ask for each that matters: GET /v1/messages/{message_id}?as_of=.",
        within_channels=WITHIN,
        answer_type=MessagesAnswer,
    ),
)
