"""Between PayPal's orders and the ledger's payments. Pure.

Our references are in `custom_id` of the purchase unit (the payment id) and of a refund (the refund
id, and its whole amount in minor units: a refund of several captures is several refunds), and in
`invoice_id` of a capture (the capture id).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from oms_ledger.domain.money import DIGITS, Money, to_minor
from oms_ledger.domain.payments.reports import ProviderReport, ReportKind
from oms_ledger.integrations.ports import AmountNotPossible, PaymentFact, PaymentFacts

PAYPAL_DIGITS = DIGITS | {"HUF": 0, "TWD": 0}
"""Decimal digits of PayPal's amounts: those of ISO 4217 but for two currencies."""

CARRIERS = frozenset(
    {"ARAMEX", "DHL", "DPD", "FEDEX", "GLS", "HERMES", "ROYAL_MAIL", "TNT", "UPS", "USPS"}
)
"""Carriers that are called the same at PayPal. It has 1,266 more, by its own names."""

CAPTURED = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
CAPTURABLE = frozenset({"CREATED", "PARTIALLY_CAPTURED"})


class PayPalAmount(msgspec.Struct):
    currency_code: str
    value: str

    @property
    def money(self) -> Money:
        return Money(to_minor(Decimal(self.value), self.currency_code), self.currency_code)


class PayPalLink(msgspec.Struct):
    href: str
    rel: str


class Authorization(msgspec.Struct):
    id: str
    status: str
    amount: PayPalAmount
    create_time: datetime | None = None
    expiration_time: datetime | None = None


class PayPalCapture(msgspec.Struct):
    id: str
    status: str
    amount: PayPalAmount
    invoice_id: str | None = None
    custom_id: str | None = None
    final_capture: bool = False


class PayPalRefund(msgspec.Struct):
    id: str
    status: str
    amount: PayPalAmount
    custom_id: str | None = None
    links: list[PayPalLink] = []

    @property
    def capture_id(self) -> str | None:
        return linked_id(self.links, "up")


class Payments(msgspec.Struct):
    authorizations: list[Authorization] = []
    captures: list[PayPalCapture] = []
    refunds: list[PayPalRefund] = []


class PurchaseUnit(msgspec.Struct):
    amount: PayPalAmount | None = None
    custom_id: str | None = None
    payments: Payments = msgspec.field(default_factory=Payments)


class PayPalOrder(msgspec.Struct):
    """An order of PayPal. The ledger's have one purchase unit."""

    id: str
    status: str
    intent: str = "CAPTURE"
    purchase_units: list[PurchaseUnit] = []
    links: list[PayPalLink] = []

    @property
    def payment_id(self) -> str | None:
        return self.purchase_units[0].custom_id if self.purchase_units else None

    @property
    def payments(self) -> Payments:
        return self.purchase_units[0].payments if self.purchase_units else Payments()

    @property
    def approval_url(self) -> str | None:
        links = (each.href for each in self.links if each.rel in ("payer-action", "approve"))
        return next(links, None)


class DisputedTransaction(msgspec.Struct):
    seller_transaction_id: str | None = None


class DisputeOutcome(msgspec.Struct):
    outcome_code: str = ""


class PayPalDispute(msgspec.Struct):
    dispute_id: str
    dispute_amount: PayPalAmount
    reason: str = ""
    dispute_life_cycle_stage: str = "INQUIRY"
    disputed_transactions: list[DisputedTransaction] = []
    dispute_outcome: DisputeOutcome | None = None


def linked_id(links: Iterable[PayPalLink], rel: str) -> str | None:
    """The last part of the address of a link."""
    return next((each.href.rpartition("/")[2] for each in links if each.rel == rel), None)


def paypal_amount(money: Money) -> dict[str, str]:
    """`AmountNotPossible` where PayPal cannot take the amount to the last digit."""
    digits = PAYPAL_DIGITS[money.currency]
    value = Decimal(money.minor).scaleb(-DIGITS[money.currency])
    text = f"{value:.{digits}f}"
    if Decimal(text) != value:
        raise AmountNotPossible(f"{money} is finer than PayPal takes of {money.currency}")
    return {"currency_code": money.currency, "value": text}


def refund_reference(refund_id: str, amount: Money) -> str:
    return f"{refund_id}.{amount.minor}"


def parcel(capture: PayPalCapture, carrier: str, tracking_number: str) -> dict[str, str | bool]:
    """The parcel of a capture; PayPal's contract wants the capture's id twice."""
    code = carrier.upper().replace(" ", "_")
    named = {"carrier": code} if code in CARRIERS else {"carrier_name_other": carrier[:64]}
    return {
        "capture_id": capture.id,
        "transaction_id": capture.id,
        "status": "SHIPPED",
        "tracking_number": tracking_number[:64],
        "notify_payer": False,
        "carrier": "OTHER",
        **named,
    }


def order_facts(order: PayPalOrder, now: datetime) -> PaymentFacts:
    """What an order says now about our payment; nothing where it is not the ledger's."""
    if order.payment_id is None or not order.purchase_units:
        return ()
    return tuple(_facts(order, order.payment_id, now))


def _facts(order: PayPalOrder, payment_id: str, now: datetime) -> Iterator[PaymentFact]:
    payments = order.payments
    yield from _facts_of_authorizations(order, payment_id, now)
    at_once = order.intent == "CAPTURE" and any(x.status in CAPTURED for x in payments.captures)
    if at_once:  # PayPal has no authorization of it; the ledger names the payment by it
        name, amount = f"authorised:{order.id}", order.purchase_units[0].amount
        yield _fact(payment_id, amount, "authorised", name, reference=order.id)
    for capture in payments.captures:
        yield from _facts_of_capture(order, payment_id, capture)
    yield from _facts_of_release(order, payment_id)
    names = dict.fromkeys(refund.custom_id or refund.id for refund in payments.refunds)
    for name in names:
        some = [each for each in payments.refunds if (each.custom_id or each.id) == name]
        yield from _facts_of_refund(payment_id, name, some)


def _facts_of_authorizations(
    order: PayPalOrder, payment_id: str, now: datetime
) -> Iterator[PaymentFact]:
    """A re-authorisation is another authorization of the same payment: the first is the fact."""
    each = order.payments.authorizations
    good = [one for one in each if one.status not in ("DENIED", "PENDING")]
    if good:
        first = good[0]
        yield _fact(
            payment_id,
            first.amount,
            "authorised",
            f"authorised:{order.id}",
            reference=order.id,
            expires_at=first.expiration_time,
        )
    elif each and each[-1].status == "DENIED":
        yield _fact(
            payment_id, None, "failed", f"failed:{order.id}", each[-1].amount, code="DENIED"
        )
    if good and all(one.status == "VOIDED" for one in good):
        expiry = good[-1].expiration_time
        kind: ReportKind = (
            "authorisation_expired" if expiry is not None and expiry <= now else "voided"
        )
        yield _fact(
            payment_id, None, kind, f"{kind}:{order.id}", good[-1].amount, reference=order.id
        )


def _facts_of_capture(
    order: PayPalOrder, payment_id: str, capture: PayPalCapture
) -> Iterator[PaymentFact]:
    name = capture.invoice_id or capture.id
    if capture.status in CAPTURED:
        yield _fact(
            payment_id,
            capture.amount,
            "captured",
            f"captured:{name}",
            reference=capture.id,
            request_id=name,
        )
    elif capture.status in ("DECLINED", "FAILED"):
        at_once = order.intent == "CAPTURE"
        kind: ReportKind = "failed" if at_once else "capture_failed"
        yield _fact(
            payment_id,
            None,
            kind,
            f"{kind}:{name}",
            capture.amount,
            request_id=None if at_once else name,
            code=capture.status,
        )


def _facts_of_release(order: PayPalOrder, payment_id: str) -> Iterator[PaymentFact]:
    """A final capture releases the rest of the authorisation."""
    payments = order.payments
    done = [each for each in payments.captures if each.status in CAPTURED]
    open_ones = [each for each in payments.authorizations if each.status in CAPTURABLE]
    if open_ones or not payments.authorizations or not any(each.final_capture for each in done):
        return
    authorised = payments.authorizations[0].amount
    rest = authorised.money.minor - sum(each.amount.money.minor for each in done)
    if rest > 0:
        name = f"voided:{order.id}"
        report = ProviderReport("voided", name, rest, order.id)
        yield PaymentFact(payment_id, authorised.currency_code, report)


def _facts_of_refund(
    payment_id: str, name: str, refunds: list[PayPalRefund]
) -> Iterator[PaymentFact]:
    """One refund of the ledger, however many it is at PayPal: done when all of it is. One that was
    made at PayPal has an id of PayPal alone."""
    refund_id, dot, whole = name.rpartition(".")
    refund_id = refund_id if dot else name
    completed = [each for each in refunds if each.status == "COMPLETED"]
    amount = sum(each.amount.money.minor for each in completed)
    if completed and amount >= (int(whole) if dot else amount):
        money = Money(amount, refunds[0].amount.currency_code)
        report = ProviderReport(
            "refunded", f"refunded:{refund_id}", money.minor, completed[-1].id, refund_id
        )
        yield PaymentFact(payment_id, money.currency, report)
    elif all(each.status in ("FAILED", "CANCELLED") for each in refunds):
        yield _fact(
            payment_id,
            None,
            "refund_failed",
            f"refund_failed:{refund_id}",
            refunds[0].amount,
            request_id=refund_id,
            code=refunds[-1].status,
        )


def dispute_facts(dispute: PayPalDispute, payment_id: str) -> PaymentFacts:
    """The money is taken once a dispute is more than an inquiry, and comes back where it is decided
    for the merchant. An inquiry that ends with a refund is reported as that refund."""
    if dispute.dispute_life_cycle_stage == "INQUIRY":
        return ()
    amount = dispute.dispute_amount
    taken = _fact(
        payment_id,
        amount,
        "charged_back",
        f"charged_back:{dispute.dispute_id}",
        reference=dispute.dispute_id,
        code=dispute.reason or None,
    )
    outcome = dispute.dispute_outcome
    if outcome is None or outcome.outcome_code not in (
        "RESOLVED_SELLER_FAVOUR",
        "CANCELED_BY_BUYER",
        "DENIED",
    ):
        return (taken,)
    returned = _fact(
        payment_id,
        amount,
        "charge_back_reversed",
        f"charge_back_reversed:{dispute.dispute_id}",
        reference=dispute.dispute_id,
    )
    return (taken, returned)


def reversal_fact(capture: PayPalCapture, payment_id: str) -> PaymentFact:
    """PayPal took back a capture without a dispute: a bank's return, or a mistake."""
    return _fact(
        payment_id,
        capture.amount,
        "charged_back",
        f"charged_back:{capture.id}",
        reference=capture.id,
        code="REVERSED",
    )


def action_fact(order: PayPalOrder, payment_id: str, url: str, currency: str) -> PaymentFact:
    report = ProviderReport(
        "requires_action", f"requires_action:{order.id}", reference=order.id, url=url
    )
    return PaymentFact(payment_id, currency, report)


def _fact(
    payment_id: str,
    amount: PayPalAmount | None,
    kind: ReportKind,
    name: str,
    of: PayPalAmount | None = None,
    *,
    reference: str | None = None,
    request_id: str | None = None,
    code: str | None = None,
    expires_at: datetime | None = None,
) -> PaymentFact:
    """`of` gives the currency of a fact without an amount."""
    currency = (amount or of or PayPalAmount("", "")).currency_code
    report = ProviderReport(
        kind,
        name,
        None if amount is None else amount.money.minor,
        reference,
        request_id,
        code,
        expires_at=expires_at,
    )
    return PaymentFact(payment_id, currency, report)
