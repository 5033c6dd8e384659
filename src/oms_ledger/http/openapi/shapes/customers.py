"""Customers as answers show them: what is known of them, legal holds, periods of retention."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.http.openapi.shapes.ledger import FeedItem
from oms_ledger.http.openapi.shapes.orders import Customer, OrderInFull


class Forgotten(TypedDict):
    """`forgotten`: how often by now. `customer_id`: `key:<id>` for guests, `order:<id>` for who
    ordered without an e-mail address."""

    customer_id: str
    reason: str
    forgotten: int


class LegalHold(TypedDict):
    hold_id: str
    reason: str
    reference: str | None


class ReleasedCustomer(TypedDict):
    """`holds` are those that are still in force."""

    customer_id: str
    holds: list[LegalHold]


class HeldCustomer(ReleasedCustomer):
    hold_id: str


class HoldInForce(LegalHold):
    held_at: str
    held_by: str


class CustomerSummary(TypedDict):
    customer_id: str
    customer: Customer | None
    orders: int
    first_order_at: str
    last_order_at: str
    forgotten: int
    holds: list[HoldInForce]


class CustomerAccess(TypedDict):
    at: str
    actor: str
    purpose: str
    route: str


class CustomerExport(CustomerSummary):
    order_details: list[OrderInFull]
    events: list[FeedItem]
    accesses: list[CustomerAccess]


class Period(TypedDict):
    """`keep`: 90d, 18m or 10y; null is for ever."""

    kind: str
    country: str | None
    keep: str | None


class PeriodInForce(Period):
    reference: str | None
    set_at: str
    set_by: str
    position: int


class Retention(TypedDict):
    periods: list[PeriodInForce]


class Due(TypedDict):
    """Somebody whose period is over since nothing has happened `since`. `forget`: whether that is
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


class AllDue(TypedDict):
    items: list[Due]
    next_cursor: str | None
