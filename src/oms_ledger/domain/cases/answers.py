"""Answers about cases, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.text_kinds import CaseId, Harmless, OrderId, ReturnId, ShipmentId


class CaseAnswer(TypedDict):
    """`status` is open or closed. `scan` is the code of the carrier's scan that opened the case;
    null: a person did. `note` is the newest one. `resolution`, `reference` and `return_id` are of a
    closed case."""

    case_id: CaseId
    shipment_id: ShipmentId
    order_id: OrderId
    order_number: Harmless
    channel: Harmless
    location: Harmless
    carrier: Harmless
    kind: Harmless
    status: Harmless
    scan: Harmless | None
    note: str | None
    resolution: Harmless | None
    reference: str | None
    return_id: ReturnId | None
    sensitive: bool
    version: int


class CaseDetailAnswer(CaseAnswer):
    """`opened_by` and `closed_by` are the actors. Times are when it happened, except
    `updated_at`."""

    opened_at: Harmless
    opened_by: Harmless
    closed_at: Harmless | None
    closed_by: Harmless | None
    updated_at: Harmless


class CaseHistoryAnswer(CaseDetailAnswer):
    events: list[FeedItemAnswer]


class CasesAnswer(TypedDict):
    items: list[CaseDetailAnswer]
    next_cursor: Harmless | None


class FlaggedCaseAnswer(TypedDict):
    """`case_id` is the open case of the exception that the shipment is flagged with; null: none."""

    shipment_id: ShipmentId
    case_id: CaseId | None
