"""What the golden files of customers mean."""

from __future__ import annotations

from datetime import UTC, datetime

from oms_ledger.domain.customers.events import (
    CustomerEvent,
    CustomerForgotten,
    CustomerHeld,
    CustomerHoldReleased,
    CustomerNoted,
    CustomerRestricted,
    CustomerRestrictionLifted,
    CustomerTagged,
    PeriodOver,
)

SINCE = datetime(2026, 1, 1, 9, 30, 0, 123456, tzinfo=UTC)

CUSTOMER_LITERALS: tuple[CustomerEvent, ...] = (
    CustomerForgotten(
        "17850",
        "period is over",
        "ticket 7",
        ("key-1", "key-2"),
        PeriodOver("customers", "DE", "10y", SINCE, 3),
    ),
    CustomerHeld("17850", "hold-1", "litigation", "case 12"),
    CustomerHoldReleased("17850", "hold-1", "case closed"),
    CustomerTagged("17850", ("vip",), ("new",)),
    CustomerNoted("17850", "prefers mornings"),
    CustomerRestricted("17850", "accuracy contested", "letter of 7 May"),
    CustomerRestrictionLifted("17850", "accuracy verified"),
)
