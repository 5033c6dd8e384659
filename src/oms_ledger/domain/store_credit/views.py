"""Store credit as the API answers it; money as text."""

from __future__ import annotations

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.domain.personal import revealed
from oms_ledger.domain.store_credit.accounts import shown_key
from oms_ledger.domain.store_credit.events import (
    StoreCreditEvent,
    StoreCreditIssued,
    StoreCreditSpent,
)
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.kernel import Json, Recorded


def store_credit_view(key: str, credit: StoreCredit) -> dict[str, Json]:
    """`key` is the account's. `ValueError` for an account to which nothing was ever issued."""
    currency = credit.currency
    if currency is None:
        raise ValueError("the first event of an account is StoreCreditIssued")
    return {
        "account": shown_key(key),
        "account_number": revealed(credit.number),
        "account_ending": credit.ending,
        "currency": currency,
        "balance": to_text(credit.balance, currency),
        "issued": to_text(credit.issued, currency),
        "spent": to_text(credit.spent, currency),
        "returned": to_text(credit.returned, currency),
        "version": credit.version,
    }


def movement_view(recorded: Recorded, event: StoreCreditEvent) -> dict[str, Json]:
    issued = event if isinstance(event, StoreCreditIssued) else None
    sign = -1 if isinstance(event, StoreCreditSpent) else 1
    return {
        "type": type(event).type.split(".")[1],
        "change": to_text(sign * event.amount.minor, event.amount.currency),
        "reason": issued.reason if issued else None,
        "reference": issued.reference if issued else None,
        "order_id": event.order_id,
        "payment_id": None if isinstance(event, StoreCreditIssued) else event.payment_id,
        "at": rfc3339(recorded.meta.happened_at),
        "position": recorded.position,
    }
