"""Answers about customers, legal holds and periods of retention, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.drafts.answers import DraftAnswer
from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.orders.answers import CustomerAnswer, OrderInFullAnswer


class ForgottenAnswer(TypedDict):
    """`forgotten`: how often by now. `customer_id`: `key:<id>` for guests, `order:<id>` for who
    ordered without an e-mail address."""

    customer_id: str
    reason: str
    forgotten: int


class CustomerRecordAnswer(TypedDict):
    customer_id: str
    tags: list[str]


class LegalHoldAnswer(TypedDict):
    hold_id: str
    reason: str
    reference: str | None


class ReleasedCustomerAnswer(TypedDict):
    """`holds` are those that are still in force."""

    customer_id: str
    holds: list[LegalHoldAnswer]


class HeldCustomerAnswer(ReleasedCustomerAnswer):
    hold_id: str


class HoldInForceAnswer(LegalHoldAnswer):
    held_at: str
    held_by: str


class CustomerNoteAnswer(TypedDict):
    text: str
    at: str
    by: str


class CustomerSummaryAnswer(TypedDict):
    """`notes` are the newest 100."""

    customer_id: str
    customer: CustomerAnswer | None
    orders: int
    first_order_at: str | None
    last_order_at: str | None
    forgotten: int
    holds: list[HoldInForceAnswer]
    tags: list[str]
    notes: list[CustomerNoteAnswer]


class CustomerMoneyAnswer(TypedDict):
    """Of the orders in one currency: their totals as agreed now, and what was paid and kept."""

    currency: str
    ordered: str
    paid: str
    refunded: str


class ListedCustomerAnswer(TypedDict):
    """`cancelled_orders` are those of which every unit is cancelled; `returns` were not declined or
    cancelled."""

    customer_id: str
    tags: list[str]
    orders: int
    cancelled_orders: int
    returns: int
    first_order_at: str | None
    last_order_at: str | None
    money: list[CustomerMoneyAnswer]
    forgotten: int


class CustomersAnswer(TypedDict):
    items: list[ListedCustomerAnswer]
    next_cursor: str | None


class CustomerAccessAnswer(TypedDict):
    at: str
    actor: str
    purpose: str
    route: str


class CustomerExportAnswer(CustomerSummaryAnswer):
    """`drafts` are those that were not deleted; the events of all are in `events`."""

    drafts: list[DraftAnswer]
    order_details: list[OrderInFullAnswer]
    events: list[FeedItemAnswer]
    accesses: list[CustomerAccessAnswer]


class PeriodAnswer(TypedDict):
    """`keep`: 90d, 18m or 10y; null is for ever."""

    kind: str
    country: str | None
    keep: str | None


class PeriodInForceAnswer(PeriodAnswer):
    reference: str | None
    set_at: str
    set_by: str
    position: int


class RetentionAnswer(TypedDict):
    periods: list[PeriodInForceAnswer]


class DueAnswer(TypedDict):
    """A customer whose period is over since nothing has happened `since`. `forget`: whether that is
    what will be done; `why` says why not. `policy`: the version of the periods."""

    customer_id: str
    kind: str
    country: str | None
    keep: str
    policy: int
    since: str
    orders: int
    forget: bool
    why: str


class AllDueAnswer(TypedDict):
    items: list[DueAnswer]
    next_cursor: str | None
