"""Invariants of payments: nothing is captured or released above what was authorised, nothing
refunded or charged back above what was captured, and the money of an order is the sum of what its
payments say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import PaymentProgressed
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.events import PaymentRefunded, RefundFailed, RefundRequested
from oms_ledger.domain.payments.rules import progress_of
from oms_ledger.domain.payments.state import Payment
from oms_ledger.kernel import Event


class PaymentDifference(NamedTuple):
    payment_id: str
    order_id: str
    text: str
    expected: str
    actual: str


def totals_fault(payment: Payment) -> str | None:
    """Why the totals of a payment cannot be right; None where they can. A refund that was on its
    way may succeed after a charge-back: together they may be more than was captured."""
    totals = payment.totals
    parts = (totals.authorised, totals.released, totals.captured, totals.refunded)
    if min(*parts, totals.charged_back) < 0:
        return "a total is below 0"
    if totals.captured + totals.released > totals.authorised:
        return "more was captured or released than authorised"
    if totals.refunded > totals.captured:
        return "more was refunded than captured"
    if totals.charged_back > totals.captured:
        return "more was charged back than captured"
    return None


def totals_text(payment: Payment) -> str:
    totals = payment.totals
    return (
        f"{totals.authorised} authorised, {totals.released} released, {totals.captured} captured,"
        f" {totals.refunded} refunded, {totals.charged_back} charged back, in minor units"
    )


class PaymentClaims:
    """What orders count of their payments, and what the payments say. `_counted` is the newest that
    the order of a payment counts of it, by payment id; `_intents` are the amounts of refunds that
    are on their way, by payment and refund. Of the command that is being read, `_changed` are the
    payments that it changed, and `_progressed` the ids of those that orders counted anew."""

    def __init__(self) -> None:
        self._counted: dict[str, PaymentProgressed] = {}
        self._changed: dict[str, Payment] = {}
        self._progressed: set[str] = set()
        self._intents: dict[tuple[str, str], Money] = {}

    def of_order(self, event: Event) -> None:
        if isinstance(event, PaymentProgressed):
            self._counted[event.payment_id] = event
            self._progressed.add(event.payment_id)

    def of_payment(self, payment: Payment, event: Event) -> str | None:
        """Why an event that is already applied to its `payment` cannot be right; None where it
        can."""
        if payment.requested is None:
            return "its first event does not request it"
        requested = payment.requested
        self._changed[requested.payment_id] = payment
        amount = getattr(event, "amount", None)
        if isinstance(amount, Money):
            if amount.currency != requested.amount.currency:
                return "an amount is in another currency than the payment"
            if amount.minor < 0:
                return "an amount is below 0"
        return self._refund_fault(event) or totals_fault(payment)

    def _refund_fault(self, event: Event) -> str | None:
        if isinstance(event, RefundRequested):
            self._intents[event.payment_id, event.refund_id] = event.amount
        elif isinstance(event, RefundFailed):
            self._intents.pop((event.payment_id, event.refund_id), None)
        elif isinstance(event, PaymentRefunded):
            intent = self._intents.pop((event.payment_id, event.refund_id), None)
            if intent != event.amount:
                return "another amount was refunded than was requested"
        return None

    def end_of_command(self) -> Iterator[PaymentDifference]:
        """The payments of which order and payment differ. From then on the payment is believed."""
        for payment_id, payment in self._changed.items():
            own, counted = progress_of(payment), self._counted.get(payment_id)
            if own != counted:
                text = "the order counts other amounts of a payment than the payment"
                expected, actual = _text(own), _text(counted)
                yield PaymentDifference(payment_id, own.order_id, text, expected, actual)
                self._counted[payment_id] = own
        for payment_id in self._progressed.difference(self._changed):
            counted = self._counted[payment_id]
            text = "the order counts amounts of a payment that nothing happened to"
            yield PaymentDifference(payment_id, counted.order_id, text, "nothing", _text(counted))
        self._changed.clear()
        self._progressed.clear()


def currency_fault(order: Order, event: PaymentProgressed) -> str | None:
    """Whether a payment of an order is in another currency; of an order that was closed the terms
    are not known."""
    if order.placed is None or order.terms.currency == event.currency:
        return None
    return "a payment is in another currency than its order"


def _text(progress: PaymentProgressed | None) -> str:
    if progress is None:
        return "nothing"
    p = progress
    return (
        f"{p.provider} for order {p.order_id}, {p.status}: {p.pending} pending, {p.open}"
        f" authorised, {p.captured} captured, {p.refunding} on its way back, {p.refunded} refunded,"
        f" {p.charged_back} charged back, in minor units of {p.currency}"
    )
