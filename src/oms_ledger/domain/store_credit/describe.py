"""Events of store credit as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.store_credit.events import (
    StoreCreditEvent,
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)


def describe_store_credit(event: StoreCreditEvent) -> str:
    match event:
        case StoreCreditIssued():
            return f"{event.amount} of store credit issued to {event.account}: {event.reason}"
        case StoreCreditSpent():
            return f"{event.amount} of store credit of {event.account} spent"
        case StoreCreditReturned():
            return f"{event.amount} of store credit returned to {event.account}"
        case _:
            assert_never(event)
