"""The decision behind refunding a return: what is owed for what came back, and which payments give
it back or pay the replacement. Amounts are minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from oms_ledger.domain.errors import Refused
from oms_ledger.domain.identifiers import recorded_payment_id
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import CreditGranted
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.orders.settlement import balance_of
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRequested, RefundRequested
from oms_ledger.domain.payments.rules import (
    credit_for_lines,
    creditable_units,
    payment_changes,
    recorded,
    refund,
    refund_parts,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import (
    account_refs,
    destination_of,
    require_account_currency,
)
from oms_ledger.domain.returns.events import ReturnRefunded, ReturnRequested
from oms_ledger.domain.returns.rules import return_changes
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.store_credit.events import StoreCreditIssued
from oms_ledger.domain.store_credit.state import StoreCredit
from oms_ledger.kernel import Change, Given, Ref

EXCHANGE = "exchange"
"""Provider of the payment by which the price of returned goods pays those that replace them."""


REFUNDED = ("refund", "exchange", "store_credit")
"""Resolutions by which the price of goods is given back."""


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """With `amount`, that much of what is owed for the goods; otherwise all of it, less `fee`, with
    `shipping`."""

    amount: int | None = None
    fee: int = 0
    shipping: int = 0


def refund_refs(return_: Return, order: Order, refund_id: str, given: Given) -> list[Ref]:
    """What `refund_return` reads beside the return and its order."""
    payments = order.settlement.payments
    refs: list[Ref] = [(Payment, payment_id) for payment_id in payments]
    refs += account_refs(payments, given)
    account = return_.first_event.account
    if account is not None:
        refs.append((StoreCredit, account))
    if return_.replacement is not None:
        paid = recorded_payment_id(return_.replacement, EXCHANGE, refund_id)
        refs += [(Order, return_.replacement), (Payment, paid)]
    return refs


def refund_return(
    return_: Return,
    requested: ReturnRequested,
    order: Order,
    terms: RefundTerms,
    refund_id: str,
    given: Given,
) -> list[Change]:
    """What is granted, what goes back over the order's payments, and what pays the replacement.
    What was never paid lowers what is due. `Refused` with `nothing_to_refund` or `over_refund`."""
    if requested.account is not None:
        account = given.state(StoreCredit, requested.account)
        require_account_currency(account, order.terms.currency)
    credit, refunded = _granted(return_, requested, order, terms, refund_id)
    paid_back = _paid_too_much(order, refunded, terms)
    parts, left = refund_parts(order.settlement, given, paid_back)
    exchanged = _for_replacement(return_, paid_back - left, given)
    changes = _payments(requested, refunded, parts, exchanged, return_.replacement, given)
    if exchanged and return_.replacement is not None:
        changes += _replacement_paid(return_.replacement, refunded, exchanged, given)
    refunded = replace(refunded, refunded=paid_back - left - exchanged, exchanged=exchanged)
    return [Change(credit), *changes, *return_changes(return_, [refunded])]


def owed_units(return_: Return, order: Order) -> tuple[LineQuantity, ...]:
    """Units whose price is still to be granted back: they came back, or were claimed, and no other
    refund was for them."""
    owed: list[LineQuantity] = []
    for line_id, line in return_.lines.items():
        back = line.requested if return_.is_claim else line.received
        units = min(back - line.credited, creditable_units(order, line_id))
        if units > 0:
            owed.append(LineQuantity(line_id, units))
    return tuple(owed)


def _granted(
    return_: Return,
    requested: ReturnRequested,
    order: Order,
    terms: RefundTerms,
    refund_id: str,
) -> tuple[CreditGranted, ReturnRefunded]:
    """What is granted, for the order and for the return; nothing is paid yet."""
    if terms.amount is None and requested.resolution not in REFUNDED:
        raise Refused(
            f"The return was agreed with resolution {requested.resolution}, so that nothing is owed"
            " for its goods. Name an amount to refund all the same.",
            code="nothing_to_refund",
        )
    return_id, units = requested.return_id, owed_units(return_, order)
    credit = credit_for_lines(order, units, terms.shipping, requested.kind, return_id)
    settled = min(return_.advanced, credit.goods)
    owed, currency = credit.goods - settled, credit.currency
    if not units and not terms.shipping:
        raise Refused(
            "Nothing came back whose price was not refunded already. Receive it first with POST"
            " .../receive; refund a favour with the refund of a payment.",
            code="nothing_to_refund",
        )
    whole = ReturnRefunded(
        return_id, refund_id, currency, units, credit.goods, terms.shipping, terms.fee, -settled
    )
    if terms.amount is not None:
        if terms.amount > owed:
            raise _over(terms.amount, owed, currency, "still owed for what came back")
        if terms.amount < owed:
            part = ReturnRefunded(return_id, refund_id, currency, advance=terms.amount)
            return replace(credit, lines=(), goods=0, tax=0, adjustment=terms.amount), part
    elif whole.amount < 0:
        raise _over(terms.fee, owed + terms.shipping, currency, "owed, which a fee cannot exceed")
    return replace(credit, adjustment=whole.adjustment), whole


def _over(wanted: int, available: int, currency: str, why: str) -> Refused:
    return Refused(
        f"{to_text(wanted, currency)} {currency} is more than the {to_text(available, currency)}"
        f" that is {why}. Write at most that.",
        code="over_refund",
        errors=[
            {"requested": to_text(wanted, currency), "available": to_text(available, currency)}
        ],
    )


def _paid_too_much(order: Order, refunded: ReturnRefunded, terms: RefundTerms) -> int:
    """What of the granted amount was paid, and is to go back."""
    after = balance_of(order.settlement, max(0, order.owed - refunded.amount))
    paid = min(refunded.amount, after.credit)
    if terms.amount is not None and paid < terms.amount:
        raise _over(terms.amount, paid, refunded.currency, "paid, not refunded yet, and not due")
    return paid


def _for_replacement(return_: Return, amount: int, given: Given) -> int:
    """What of an amount pays the replacement: as much as is due of it."""
    if return_.replacement is None:
        return 0
    order = given.state(Order, return_.replacement)
    if order.statuses.order == "cancelled":
        return 0
    balance = order.balance
    return max(0, min(amount, balance.due - balance.authorised - balance.pending))


def _payments(
    requested: ReturnRequested,
    refunded: ReturnRefunded,
    parts: Sequence[tuple[str, int]],
    exchanged: int,
    replacement: str | None,
    given: Given,
) -> list[Change]:
    """The refunds of the order's payments: first what pays the replacement, then the rest."""
    changes: list[Change] = []
    for payment_id, amount in parts:
        payment, currency = given.state(Payment, payment_id), refunded.currency
        moved = min(amount, exchanged)
        exchanged -= moved
        whole = (refunded.lines, refunded.shipping) if len(parts) == 1 and not moved else ((), 0)
        intents: list[RefundRequested] = []
        if moved:
            intents.append(
                RefundRequested(
                    payment_id,
                    f"{refunded.refund_id}-{EXCHANGE}",
                    Money(moved, currency),
                    requested.kind,
                    destination=f"{EXCHANGE}:{replacement}",
                )
            )
        if amount > moved:
            rest = Money(amount - moved, currency)
            to = None if requested.account is None else destination_of(requested.account)
            intents.append(
                RefundRequested(payment_id, refunded.refund_id, rest, requested.kind, *whole, to)
            )
        events = [event for intent in intents for event in refund(payment, intent)]
        changes += payment_changes(payment, events)
    return [_with_account_number(change, requested) for change in changes]


def _with_account_number(change: Change, requested: ReturnRequested) -> Change:
    """What is issued to the account of a return says how that is named."""
    if not isinstance(change.event, StoreCreditIssued):
        return change
    named = replace(
        change.event,
        account_number=requested.account_number,
        account_ending=requested.account_ending,
    )
    return change._replace(event=named)


def _replacement_paid(
    order_id: str, refunded: ReturnRefunded, amount: int, given: Given
) -> list[Change]:
    """The payment of the replacement by the price of the returned goods."""
    payment_id = recorded_payment_id(order_id, EXCHANGE, refunded.refund_id)
    order = given.state(Order, order_id)
    paid = PaymentRequested(
        payment_id,
        order_id,
        EXCHANGE,
        Money(amount, refunded.currency),
        "automatic",
        sensitive=order.sensitive,
        channel=order.terms.channel,
    )
    return payment_changes(Payment(), recorded(paid, refunded.return_id))
