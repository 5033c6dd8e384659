"""Decisions about payments that several commands share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy

from oms_ledger.domain.errors import NotFound, Refused, illegal_transition
from oms_ledger.domain.money import Money, to_text
from oms_ledger.domain.orders.events import CreditGranted, PaymentProgressed
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.orders.settlement import Settlement
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundRequested,
    VoidRequested,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import STORE_CREDIT, account_changes
from oms_ledger.kernel import Change, Given, Json

WITHOUT_CONNECTION = ("manual", "external", STORE_CREDIT)
"""Providers of which the ledger calls none: payments by them go through no connection."""


def is_settled_here(requested: PaymentRequested) -> bool:
    """Whether a payment has no outside: what is requested of it happens at once, in the same
    transaction. Of all others the provider reports the outcome later."""
    return requested.provider == "manual" or requested.account is not None


def existing_payment(
    given: Given, order_id: str, payment_id: str
) -> tuple[Payment, PaymentRequested]:
    payment = given.state(Payment, payment_id)
    if payment.requested is None or payment.requested.order_id != order_id:
        raise NotFound(
            f"Order {order_id} has no payment {payment_id}. GET /v1/orders/{order_id}/payments"
            " lists those it has."
        )
    return payment, payment.requested


def payment_changes(payment: Payment, events: Sequence[PaymentEvent]) -> list[Change]:
    """The events of a payment, and what follows for the totals of its order and for accounts of
    store credit."""
    after = deepcopy(payment)
    for event in events:
        after.apply(event)
    return [
        *(Change(event) for event in events),
        *account_changes(after.first_event, events),
        Change(progress_of(after)),
    ]


def progress_of(payment: Payment) -> PaymentProgressed:
    requested, totals = payment.first_event, payment.totals
    waits = payment.outcome in ("pending", "requires_action")
    return PaymentProgressed(
        requested.order_id,
        requested.payment_id,
        requested.provider,
        payment.status,
        requested.amount.currency,
        pending=requested.amount.minor if waits else 0,
        open=totals.open,
        captured=totals.captured,
        refunding=sum(payment.refunding.values()),
        refunded=totals.refunded,
        charged_back=totals.charged_back,
    )


def request(requested: PaymentRequested) -> list[PaymentEvent]:
    """The events of a new payment."""
    payment_id, amount = requested.payment_id, requested.amount
    if not is_settled_here(requested):
        return [requested]
    events: list[PaymentEvent] = [requested, PaymentAuthorised(payment_id, amount)]
    if requested.capture == "automatic":
        events += [
            CaptureRequested(payment_id, payment_id, amount, final=True),
            PaymentCaptured(payment_id, payment_id, amount),
        ]
    return events


def capture(
    payment: Payment,
    requested: PaymentRequested,
    capture_id: str,
    amount: int | None,
    *,
    final: bool,
) -> list[PaymentEvent]:
    """Capture `amount`, or all that is authorised. `Refused` with `payment_pending`,
    `nothing_to_capture` or `over_capture`."""
    refuse_if_pending(payment, "captured")
    free = payment.capturable
    if free <= 0:
        raise Refused(
            "Nothing is authorised that could be captured: all of it was captured, released, or is"
            " being captured. Request another payment for what is due.",
            code="nothing_to_capture",
        )
    amount = free if amount is None else amount
    if amount > free:
        raise _over("over_capture", "captured", amount, free, requested.amount.currency)
    payment_id, money = requested.payment_id, Money(amount, requested.amount.currency)
    events: list[PaymentEvent] = [CaptureRequested(payment_id, capture_id, money, final)]
    if is_settled_here(requested):
        events.append(PaymentCaptured(payment_id, capture_id, money))
        if final and free > amount:
            events.append(PaymentVoided(payment_id, Money(free - amount, money.currency)))
    return events


def void(payment: Payment, requested: PaymentRequested, reason: str | None) -> list[PaymentEvent]:
    """Release what is authorised and not captured."""
    refuse_if_pending(payment, "voided")
    if payment.capturing or payment.voiding:
        raise Refused(
            "A capture or void of this payment is on its way. Wait for its outcome, then try"
            " again.",
            code="payment_pending",
        )
    if payment.totals.open <= 0:
        raise illegal_transition(
            "The payment", payment.status, "voided", "What was captured can be refunded."
        )
    payment_id = requested.payment_id
    events: list[PaymentEvent] = [VoidRequested(payment_id, reason)]
    if is_settled_here(requested):
        events.append(
            PaymentVoided(payment_id, Money(payment.totals.open, requested.amount.currency))
        )
    return events


def is_unpaid(order: Order) -> bool:
    """Whether anything is due of an order that no payment has authorised."""
    return order.balance.uncovered > 0


def needs_authorisations(order: Order) -> bool:
    """Whether anything may still be captured for an order: not once it is cancelled or expired, or
    nothing of it is due."""
    return order.statuses.order not in ENDED and order.balance.due > 0


def refund(payment: Payment, intent: RefundRequested) -> list[PaymentEvent]:
    """Refund the amount, which must have been captured. `Refused` with `over_refund`."""
    requested = payment.first_event
    amount, free = intent.amount, payment.refundable
    if amount.minor > free:
        raise _over("over_refund", "refunded", amount.minor, free, amount.currency)
    events: list[PaymentEvent] = [intent]
    if is_settled_here(requested) or intent.destination is not None:
        events.append(PaymentRefunded(intent.payment_id, intent.refund_id, intent.amount))
    return events


def refund_order(settlement: Settlement) -> list[str]:
    """The payments of an order in the order in which they are refunded: the newest first, and
    store credit last."""
    newest_first = reversed(settlement.payments.items())
    return [
        payment_id
        for payment_id, _ in sorted(newest_first, key=lambda each: each[1].provider == STORE_CREDIT)
    ]


def refund_parts(
    settlement: Settlement, given: Given, amount: int
) -> tuple[list[tuple[str, int]], int]:
    """How much of an amount each payment of an order refunds, and what is left that none can."""
    parts: list[tuple[str, int]] = []
    for payment_id in refund_order(settlement):
        part = min(amount, given.state(Payment, payment_id).refundable)
        if part > 0:
            parts.append((payment_id, part))
            amount -= part
    return parts, amount


def recorded(requested: PaymentRequested, reference: str) -> list[PaymentEvent]:
    """The events of money that was taken elsewhere."""
    payment_id, amount = requested.payment_id, requested.amount
    return [
        requested,
        PaymentAuthorised(payment_id, amount, reference),
        CaptureRequested(payment_id, payment_id, amount, final=True),
        PaymentCaptured(payment_id, payment_id, amount, reference),
    ]


def refuse_if_pending(payment: Payment, wanted: str) -> None:
    """`Refused` while the provider has not answered the request, or has refused it."""
    if payment.outcome in ("pending", "requires_action"):
        raise Refused(
            f"The payment is {payment.status}; it cannot be {wanted} before its provider has"
            " authorised it. Wait for that, then try again.",
            code="payment_pending",
        )
    if payment.outcome == "failed":
        raise illegal_transition("The payment", "failed", wanted, "Request another payment.")


def _over(code: str, wanted: str, amount: int, free: int, currency: str) -> Refused:
    return Refused(
        f"{to_text(amount, currency)} {currency} is more than the {to_text(max(0, free), currency)}"
        f" of this payment that can be {wanted}. Write at most that.",
        code=code,
        errors=[
            {"requested": to_text(amount, currency), "available": to_text(max(0, free), currency)}
        ],
    )


def credit_for_lines(
    order: Order,
    wanted: Iterable[LineQuantity],
    shipping: int,
    reason: str,
    reference: str,
) -> CreditGranted:
    """What the buyer gets back for these units and this part of the shipping charge. `Refused`
    with `over_refund`, naming every line at fault, where more units than have shipped, or more
    shipping than was charged, would be granted."""
    placed = order.first_event
    lines = tuple(wanted)
    faults: list[dict[str, Json]] = []
    for line in lines:
        progress = order.lines.get(line.line_id)
        free = max(0, creditable_units(order, line.line_id))
        if line.quantity > free:
            sku = progress.line.sku if progress else None
            faults.append(
                {"line": line.line_id, "sku": sku, "requested": line.quantity, "available": free}
            )
    if faults:
        raise Refused(
            "Some units cannot be refunded: they have not shipped, or were refunded already."
            " Cancel what has not shipped; write fewer units of the rest.",
            code="over_refund",
            errors=faults,
        )
    charge, credited = order.terms.shipping, order.settlement.shipping_credited
    free = (charge.amount if charge else 0) - credited
    if shipping > free:
        raise _over("over_refund", "refunded for shipping", shipping, free, placed.terms.currency)
    tax = sum(order.lines[line.line_id].tax_of_more(line.quantity) for line in lines)
    if charge:
        tax += charge.tax_of(credited + shipping) - charge.tax_of(credited)
    goods = sum(order.lines[line.line_id].price_of_more(line.quantity) for line in lines)
    currency = placed.terms.currency
    return CreditGranted(
        placed.order_id, reason, currency, lines, goods, shipping, 0, tax, reference
    )


def creditable_units(order: Order, line_id: str) -> int:
    """Units whose price may still be granted back: those that shipped, and of services all that
    are not cancelled."""
    progress = order.lines.get(line_id)
    if progress is None:
        return 0
    line = progress.line
    gone = progress.shipped if line.stocked else line.quantity - progress.cancelled
    return gone - progress.credited
