"""Payments by store credit: every event of such a payment moves its account, so that account and
payment cannot differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.payments.events import (
    AuthorisationExpired,
    PaymentAuthorised,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.store_credit.events import (
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.kernel import Change, Given, Ref

STORE_CREDIT = "store_credit"
"""Provider of payments by store credit, and how a refund's destination begins that goes there."""


def destination_of(account: str) -> str:
    """The destination of a refund that becomes store credit."""
    return f"{STORE_CREDIT}:{account}"


def account_refs(payment_ids: Iterable[str], given: Given) -> list[Ref]:
    """The accounts that payments of an order spend from."""
    payments = (given.state(Payment, payment_id).requested for payment_id in payment_ids)
    accounts = (payment.account for payment in payments if payment is not None)
    return [(StoreCredit, account) for account in dict.fromkeys(accounts) if account is not None]


def account_changes(requested: PaymentRequested, events: Sequence[PaymentEvent]) -> list[Change]:
    """How events of a payment move accounts: what it authorises is spent, what is voided,
    expires or is refunded comes back, and a refund whose destination is an account is issued
    to it."""
    elsewhere = {
        event.refund_id: event.destination
        for event in events
        if isinstance(event, RefundRequested) and event.destination is not None
    }
    changes = [_issued(requested, event) for event in events]
    account, order_id, payment_id = requested.account, requested.order_id, requested.payment_id
    if account is not None:
        for event in events:
            match event:
                case PaymentAuthorised():
                    spent = StoreCreditSpent(account, event.amount, order_id, payment_id)
                    changes.append(Change(spent))
                case PaymentRefunded() if event.refund_id in elsewhere:
                    pass
                case PaymentVoided() | AuthorisationExpired() | PaymentRefunded():
                    back = StoreCreditReturned(account, event.amount, order_id, payment_id)
                    changes.append(Change(back))
                case _:
                    pass
    return [change for change in changes if change is not None]


def _issued(requested: PaymentRequested, event: PaymentEvent) -> Change | None:
    """What a refund gives to another account than it came from."""
    if not isinstance(event, RefundRequested) or event.destination is None:
        return None
    kind, _, account = event.destination.partition(":")
    if kind != STORE_CREDIT:
        return None
    return Change(
        StoreCreditIssued(account, event.amount, event.reason, event.refund_id, requested.order_id)
    )


def require_balance(account: str, wanted: Money, given: Given, *, own: bool) -> None:
    """`Refused` with `insufficient_credit` or `currency_mismatch` where the account cannot pay.
    `own`: it is that of the order's customer, whose balance the refusal may name. Of any other the
    refusal says neither how much it has nor whether there is one, so that guesses tell nothing."""
    credit = given.state(StoreCredit, account)
    if own:
        require_account_currency(credit, wanted.currency)
    elif wanted.minor > credit.balance or credit.currency != wanted.currency:
        raise Refused(
            "There is no account of that name with so much in the currency of the order. Compare"
            " the name, or request another provider.",
            code="insufficient_credit",
        )
    if wanted.minor > credit.balance:
        available = to_text(credit.balance, wanted.currency)
        requested = to_text(wanted.minor, wanted.currency)
        raise Refused(
            f"{requested} {wanted.currency} is more than the {available} that the account has."
            " Request at most that, and the rest of another provider.",
            code="insufficient_credit",
            errors=[{"requested": requested, "available": available}],
        )


def require_account_currency(credit: StoreCredit, currency: str) -> None:
    """`Refused` with `currency_mismatch` where the account has another currency."""
    if credit.currency not in (None, currency):
        raise Refused(
            f"The account is in {credit.currency}, the amount in {currency}. Use an account in"
            f" {currency}.",
            code="currency_mismatch",
        )
