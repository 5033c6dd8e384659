"""Answers about customers, legal holds and periods of retention, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.drafts.answers import DraftAnswer
from oms_ledger.domain.event_answers import FeedItemAnswer
from oms_ledger.domain.messages.answers import MessageAnswer
from oms_ledger.domain.orders.answers import CustomerAnswer, OrderInFullAnswer
from oms_ledger.domain.text_kinds import Harmless, LinkNumber


class ForgottenAnswer(TypedDict):
    """`forgotten`: how often by now. `customer_id`: `key:<id>` for guests, `order:<id>` for who
    ordered without an e-mail address."""

    customer_id: Harmless
    reason: str
    forgotten: int


class CustomerRecordAnswer(TypedDict):
    customer_id: Harmless
    tags: list[str]


class CorrectedCustomerAnswer(TypedDict):
    """`corrected` are the orders in which something was different."""

    customer_id: Harmless
    corrected: list[str]


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


class RestrictionAnswer(TypedDict):
    """Of the processing of a customer's data (GDPR, article 18)."""

    reason: str
    reference: str | None


class RestrictionInForceAnswer(RestrictionAnswer):
    restricted_at: str
    restricted_by: str


class RestrictedCustomerAnswer(TypedDict):
    """`restriction` is null where there is none."""

    customer_id: Harmless
    restriction: RestrictionAnswer | None


class CustomerNoteAnswer(TypedDict):
    text: str
    at: Harmless
    by: str


class CustomerSummaryAnswer(TypedDict):
    """`notes` are the newest 100. `restriction` is null where the use of the data is free."""

    customer_id: Harmless
    customer: CustomerAnswer | None
    orders: int
    first_order_at: Harmless | None
    last_order_at: Harmless | None
    forgotten: int
    holds: list[HoldInForceAnswer]
    restriction: RestrictionInForceAnswer | None
    tags: list[str]
    notes: list[CustomerNoteAnswer]


class CustomerMoneyAnswer(TypedDict):
    """Of the orders in one currency: their totals as agreed now, and what was paid and kept."""

    currency: Harmless
    ordered: str
    paid: str
    refunded: Harmless


class ListedCustomerAnswer(TypedDict):
    """`cancelled_orders` are those of which every unit is cancelled; `returns` were not declined or
    cancelled."""

    customer_id: Harmless
    tags: list[str]
    orders: int
    cancelled_orders: int
    returns: int
    first_order_at: Harmless | None
    last_order_at: Harmless | None
    money: list[CustomerMoneyAnswer]
    forgotten: int


class CustomersAnswer(TypedDict):
    items: list[ListedCustomerAnswer]
    next_cursor: Harmless | None


class CustomerAccessAnswer(TypedDict):
    at: Harmless
    actor: Harmless
    purpose: str
    route: str


class CustomerExportAnswer(CustomerSummaryAnswer):
    """`drafts` are those that were not deleted; the events of all are in `events`, and those of the
    `messages` about the orders."""

    drafts: list[DraftAnswer]
    order_details: list[OrderInFullAnswer]
    messages: list[MessageAnswer]
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
