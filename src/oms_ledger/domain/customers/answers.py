"""Answers about customers, legal holds and periods of retention, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.orders.answers import CustomerAnswer, OrderInFullAnswer
from oms_ledger.domain.text_kinds import Harmless, LinkNumber


class ForgottenAnswer(TypedDict):
    """`forgotten`: how often by now. `customer_id`: `key:<id>` for guests, `order:<id>` for who
    ordered without an e-mail address."""

    customer_id: Harmless
    reason: str
    forgotten: int


class LegalHoldAnswer(TypedDict):
    hold_id: Harmless
    reason: str
    reference: str | None


class ReleasedCustomerAnswer(TypedDict):
    """`holds` are those that are still in force."""

    customer_id: Harmless
    holds: list[LegalHoldAnswer]


class HeldCustomerAnswer(ReleasedCustomerAnswer):
    hold_id: Harmless


class HoldInForceAnswer(LegalHoldAnswer):
    held_at: str
    held_by: str


class CustomerSummaryAnswer(TypedDict):
    customer_id: Harmless
    customer: CustomerAnswer | None
    orders: int
    first_order_at: Harmless
    last_order_at: Harmless
    forgotten: int
    holds: list[HoldInForceAnswer]


class CustomerAccessAnswer(TypedDict):
    at: Harmless
    actor: Harmless
    purpose: str
    route: str


class CustomerExportAnswer(CustomerSummaryAnswer):
    order_details: list[OrderInFullAnswer]
    events: list[FeedItemAnswer]
    accesses: list[CustomerAccessAnswer]


class PeriodAnswer(TypedDict):
    """`keep`: 90d, 18m or 10y; null is for ever."""

    kind: Harmless
    country: Harmless | None
    keep: str | None


class PeriodInForceAnswer(PeriodAnswer):
    reference: str | None
    set_at: str
    set_by: str
    position: LinkNumber


class RetentionAnswer(TypedDict):
    periods: list[PeriodInForceAnswer]


class DueAnswer(TypedDict):
    """A customer whose period is over since nothing has happened `since`. `forget`: whether that is
    what will be done; `why` says why not. `policy`: the version of the periods."""

    customer_id: Harmless
    kind: Harmless
    country: Harmless | None
    keep: str
    policy: int
    since: str
    orders: int
    forget: bool
    why: str


class AllDueAnswer(TypedDict):
    items: list[DueAnswer]
    next_cursor: Harmless | None
