"""The money of an order: the totals of its payments, and what was granted back. Amounts are minor
units of the order's currency."""

from __future__ import annotations

from dataclasses import dataclass, field

from oms_ledger.domain.orders.events import CreditGranted, PaymentProgressed
from oms_ledger.kernel import Record


@dataclass(slots=True)
class OrderPayment:
    """A payment as the order's guards need it. `open` is authorised and not captured, `pending`
    requested without an answer of the provider, `refunding` on its way back."""

    provider: str
    status: str
    pending: int = 0
    open: int = 0
    captured: int = 0
    refunding: int = 0
    refunded: int = 0
    charged_back: int = 0

    @property
    def kept(self) -> int:
        """Captured and neither refunded, on its way back, nor charged back."""
        return self.captured - self.refunded - self.refunding - self.charged_back


@dataclass(slots=True)
class Settlement:
    """`payments` by `payment_id`, in order of request. `shipping_credited` and `adjustments` are
    what the buyer need not pay of the shipping charge, and as a favour; fees count below 0. Units
    whose price was granted back are counted by the lines."""

    payments: dict[str, OrderPayment] = field(default_factory=dict)
    shipping_credited: int = 0
    adjustments: int = 0


def apply_to_settlement(settlement: Settlement, event: PaymentProgressed | CreditGranted) -> None:
    if isinstance(event, CreditGranted):
        settlement.shipping_credited += event.shipping
        settlement.adjustments += event.adjustment
        return
    settlement.payments[event.payment_id] = OrderPayment(
        event.provider,
        event.status,
        event.pending,
        event.open,
        event.captured,
        event.refunding,
        event.refunded,
        event.charged_back,
    )


class Balance(Record, frozen=True):
    """`owed` is what the buyer is to pay in all: the total less what was cancelled and what was
    granted back. `paid` is captured and neither refunded nor charged back. What is on its way back
    is no `credit` any more."""

    owed: int
    authorised: int
    pending: int
    captured: int
    refunding: int
    refunded: int
    charged_back: int

    @property
    def paid(self) -> int:
        return self.captured - self.refunded - self.charged_back

    @property
    def due(self) -> int:
        """What is still to be paid."""
        return max(0, self.owed - self.paid)

    @property
    def uncovered(self) -> int:
        """What is due and no payment has authorised."""
        return max(0, self.due - self.authorised)

    @property
    def credit(self) -> int:
        """What was paid too much, and is to be refunded."""
        return max(0, self.paid - self.refunding - self.owed)


def balance_of(settlement: Settlement, owed: int) -> Balance:
    payments = settlement.payments.values()
    if not payments:  # of most orders when they are placed
        return Balance(owed, 0, 0, 0, 0, 0, 0)
    return Balance(
        owed=owed,
        authorised=sum(p.open for p in payments),
        pending=sum(p.pending for p in payments),
        captured=sum(p.captured for p in payments),
        refunding=sum(p.refunding for p in payments),
        refunded=sum(p.refunded for p in payments),
        charged_back=sum(p.charged_back for p in payments),
    )


def payment_status(settlement: Settlement, balance: Balance) -> str:
    """none, pending, requires_action, failed, voided, authorised, partially_authorised,
    partially_paid, paid, partially_refunded, refunded, credit_owed or charged_back."""
    if not settlement.payments:
        return "none"
    if balance.charged_back:
        return "charged_back"
    if balance.captured:
        return _status_of_captured(balance)
    if balance.authorised:
        return "authorised" if balance.authorised >= balance.owed else "partially_authorised"
    statuses = {payment.status for payment in settlement.payments.values()}
    return next(s for s in ("requires_action", "pending", "failed", "voided") if s in statuses)


def _status_of_captured(balance: Balance) -> str:
    if balance.paid <= 0:
        return "refunded"
    if balance.credit:
        return "credit_owed"
    if balance.paid < balance.owed:
        return "partially_paid"
    return "partially_refunded" if balance.refunded else "paid"
