"""Queries about periods of retention: which are set, and which customers are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from oms_ledger.domain.customers.answers import AllDueAnswer, RetentionAnswer
from oms_ledger.domain.customers.retention import (
    OF_PERSONS,
    POLICY,
    SETTLED_ORDERS,
    SETTLED_PAYMENTS,
    SETTLED_RETURNS,
    Period,
    Retention,
    RetentionSet,
    place_of,
)
from oms_ledger.domain.customers.state import GUEST, CustomerRecord, record_of
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.kernel import Json, Log, Query, Reader, Recorded, events_of, stream_id
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.pages import Cursor, Limit, Mark, mark_of, page
from oms_projections.values import Moment, column, maybe, now

STRICT = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, config=STRICT)
class GetRetention:
    """Nothing can be chosen."""


def get_retention(params: GetRetention, log: Log) -> Mapping[str, Json]:
    """The periods in force, with who set each and when."""
    newest: dict[str, Recorded] = {}
    for r in events_of(log, stream_id(Retention, POLICY)):
        if isinstance(r.event, RetentionSet):
            newest[place_of(r.event.kind, r.event.country)] = r
    return {"periods": [period for place in sorted(newest) for period in _period(newest[place])]}


def _period(r: Recorded) -> Iterator[Json]:
    event = r.event
    if isinstance(event, RetentionSet) and event.keep is not None:
        yield {
            "kind": event.kind,
            "country": event.country,
            "keep": event.keep,
            "reference": event.reference,
            "set_at": rfc3339(r.meta.recorded_at),
            "set_by": r.meta.actor,
            "position": r.position,
        }


@dataclass(frozen=True, slots=True, config=STRICT)
class RetentionDue:
    """`at` is when to judge by: now, or a day to come, to see what a period will do."""

    at: Moment = Field(default_factory=now)
    cursor: Cursor = None
    limit: Limit = 50


FIRST: Mark = [""]


def retention_due(params: RetentionDue, reader: Reader) -> Mapping[str, Json]:
    """Everybody whose period is over. `forget` says whether that will be done; where not, `why`
    says what is in the way: a legal hold, or an order that is not settled."""
    policy = reader.fold(Retention, POLICY)
    cutoffs = _cutoffs(policy, params.at)
    if not cutoffs:
        return page([], params.limit, None)
    kinds, countries, times = zip(*cutoffs, strict=True)
    rows = reader.rows(
        "overdue",
        kinds=list(kinds),
        countries=list(countries),
        cutoffs=list(times),
        after=mark_of(params.cursor, FIRST)[0] if params.cursor else "",
        limit=params.limit,
        orders_settled=list(SETTLED_ORDERS),
        payments_settled=list(SETTLED_PAYMENTS),
        returns_settled=list(SETTLED_RETURNS),
    )
    items = [_due(row, policy, reader) for row in rows]
    return page(items, params.limit, [column(rows[-1], "key_id", str)] if rows else None)


def _cutoffs(policy: Retention, at: datetime) -> list[tuple[str, str, datetime]]:
    """Of each period: its kind, its country (empty: all others), and what is too old."""
    ended = []
    for place, keep in sorted(policy.periods.items()):
        kind, _, country = place.partition("/")
        if kind in OF_PERSONS:
            ended.append((kind, country, Period.of(keep).before(at)))
    return ended


def _due(row: Mapping[str, object], policy: Retention, reader: Reader) -> dict[str, Json]:
    subject, key = column(row, "subject", str), column(row, "key_id", str)
    kind = "customers" if subject.startswith("customer:") else "guests"
    country, keep = policy.applying(kind, maybe(row, "country", str)) or (None, "")
    record = record_of(key, subject)
    why = _in_the_way(row, {record, f"{GUEST}{key}"}, reader)
    return {
        "customer_id": record,
        "kind": kind,
        "country": country,
        "keep": keep,
        "policy": policy.version,
        "since": rfc3339(column(row, "since", datetime)),
        "orders": column(row, "order_count", int),
        "forget": why is None,
        "why": why or f"{keep} are over",
    }


def _in_the_way(row: Mapping[str, object], records: set[str], reader: Reader) -> str | None:
    if any(reader.fold(CustomerRecord, name).holds for name in records):
        return "legal hold"
    unsettled = column(row, "open", int)
    if unsettled:
        return "an order is not settled" if unsettled == 1 else f"{unsettled} orders not settled"
    return None


QUERIES = (
    Query(
        "get_retention",
        "/v1/retention",
        "admin",
        None,
        GetRetention,
        get_retention,
        "How long which data is kept",
        get_retention,
        answer_type=RetentionAnswer,
    ),
    Query(
        "retention_due",
        "/v1/retention/due",
        "admin",
        READ_MODEL.name,
        RetentionDue,
        retention_due,
        "Whose period is over, and what is in the way of forgetting them",
        "What is due is shown as it is now, or for a later time with at=. Who was forgotten"
        " when: GET /v1/events?types=customer.forgotten.v2.",
        answer_type=AllDueAnswer,
    ),
)
