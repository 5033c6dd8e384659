"""Customers as answers show them: what is known of them, legal holds, periods of retention."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.http.openapi.shapes.ledger import FeedItemShape
from oms_ledger.http.openapi.shapes.orders import CustomerShape, OrderInFullShape


class ForgottenShape(TypedDict):
    """`forgotten`: how often by now. `customer_id`: `key:<id>` for guests, `order:<id>` for who
    ordered without an e-mail address."""

    customer_id: str
    reason: str
    forgotten: int


class LegalHoldShape(TypedDict):
    hold_id: str
    reason: str
    reference: str | None


class ReleasedCustomerShape(TypedDict):
    """`holds` are those that are still in force."""

    customer_id: str
    holds: list[LegalHoldShape]


class HeldCustomerShape(ReleasedCustomerShape):
    hold_id: str


class HoldInForceShape(LegalHoldShape):
    held_at: str
    held_by: str


class CustomerSummaryShape(TypedDict):
    customer_id: str
    customer: CustomerShape | None
    orders: int
    first_order_at: str
    last_order_at: str
    forgotten: int
    holds: list[HoldInForceShape]


class CustomerAccessShape(TypedDict):
    at: str
    actor: str
    purpose: str
    route: str


class CustomerExportShape(CustomerSummaryShape):
    order_details: list[OrderInFullShape]
    events: list[FeedItemShape]
    accesses: list[CustomerAccessShape]


class PeriodShape(TypedDict):
    """`keep`: 90d, 18m or 10y; null is for ever."""

    kind: str
    country: str | None
    keep: str | None


class PeriodInForceShape(PeriodShape):
    reference: str | None
    set_at: str
    set_by: str
    position: int


class RetentionShape(TypedDict):
    periods: list[PeriodInForceShape]


class DueShape(TypedDict):
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


class AllDueShape(TypedDict):
    items: list[DueShape]
    next_cursor: str | None
