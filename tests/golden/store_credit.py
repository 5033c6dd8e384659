"""What the golden files of store credit mean."""

from __future__ import annotations

from oms_ledger.domain.money import Money
from oms_ledger.domain.personal import Personal
from oms_ledger.domain.store_credit.events import (
    StoreCreditEvent,
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)

STORE_CREDIT_LITERALS: tuple[StoreCreditEvent, ...] = (
    StoreCreditIssued(
        "17850",
        Money(2500, "GBP"),
        "goodwill",
        "gift 7",
        "o1",
        Personal("4411-0923-7788-1234"),
        "1234",
    ),
    StoreCreditSpent("17850", Money(500, "GBP"), "o1", "p1"),
    StoreCreditReturned("17850", Money(500, "GBP"), "o1", "p1"),
)
