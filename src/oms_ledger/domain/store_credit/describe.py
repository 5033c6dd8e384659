"""Events of store credit as sentences."""

from __future__ import annotations

from typing import assert_never

from oms_ledger.domain.store_credit.accounts import ending_of, is_account_key
from oms_ledger.domain.store_credit.events import (
    StoreCreditEvent,
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)


def describe_store_credit(event: StoreCreditEvent) -> str:
    match event:
        case StoreCreditIssued():
            to = _account(event.account, event.account_ending)
            return f"{event.amount} of store credit issued to {to}: {event.reason}"
        case StoreCreditSpent():
            return f"{event.amount} of store credit of {_account(event.account)} spent"
        case StoreCreditReturned():
            return f"{event.amount} of store credit returned to {_account(event.account)}"
        case _:
            assert_never(event)


def _account(key: str, ending: str | None = None) -> str:
    """An account by the ending of its name, where that is known."""
    ending = ending or (None if is_account_key(key) else ending_of(key))
    return "the account" if ending is None else f"the account ending in {ending}"
