"""Between Stripe's objects and the ledger's payments. Pure.

Our references are in `metadata`: `oms_order` and `oms_payment` of a PaymentIntent, `oms_refund` of
a Refund, and for each capture of several a key that names it, with its amount as Stripe counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import msgspec

from oms_ledger.domain.money import DIGITS, Money
from oms_ledger.domain.payments.reports import ProviderReport, ReportKind
from oms_ledger.integrations.ports import AmountNotPossible, PaymentFact, PaymentFacts

CAPTURE_KEY = "oms_c_"

STRIPE_DIGITS = DIGITS | {"MGA": 0, "ISK": 2, "UGX": 2}
"""Decimal digits of Stripe's amounts (docs.stripe.com/currencies): those of ISO 4217 but for MGA,
which has none, and ISK and UGX, which have two that are always zero."""


class ChargeDetails(msgspec.Struct):
    """`card` holds `capture_before`, a Unix time, where the charge is an authorisation."""

    card: dict[str, object] | None = None


class StripeCharge(msgspec.Struct):
    id: str
    payment_method_details: ChargeDetails | None = None


class IntentError(msgspec.Struct):
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None
    charge: str | None = None


class RedirectToUrl(msgspec.Struct):
    url: str | None = None


class NextAction(msgspec.Struct):
    type: str
    redirect_to_url: RedirectToUrl | None = None


class Intent(msgspec.Struct):
    """A PaymentIntent. `latest_charge` may be its id alone."""

    id: str
    status: str
    amount: int
    currency: str
    created: int
    metadata: dict[str, str] = {}
    capture_method: str = "automatic"
    amount_received: int | None = None
    amount_capturable: int | None = None
    latest_charge: StripeCharge | str | None = None
    next_action: NextAction | None = None
    cancellation_reason: str | None = None
    last_payment_error: IntentError | None = None
    client_secret: str | None = None

    @property
    def payment_id(self) -> str | None:
        return self.metadata.get("oms_payment")

    @property
    def captures(self) -> dict[str, int]:
        """Captures of several, by our capture id, in Stripe's amounts."""
        return {
            str(UUID(key.removeprefix(CAPTURE_KEY))): int(amount)
            for key, amount in self.metadata.items()
            if key.startswith(CAPTURE_KEY)
        }


class StripeRefund(msgspec.Struct):
    id: str
    status: str | None
    amount: int
    currency: str
    payment_intent: str | None = None
    metadata: dict[str, str] = {}
    failure_reason: str | None = None


class BalanceTransaction(msgspec.Struct):
    amount: int


class StripeDispute(msgspec.Struct):
    """`balance_transactions`: money taken from the account (negative) and given back."""

    id: str
    status: str
    amount: int
    currency: str
    reason: str
    payment_intent: str | None = None
    balance_transactions: list[BalanceTransaction] = []


def stripe_amount(money: Money) -> int:
    """`AmountNotPossible` where Stripe cannot take the amount to the last digit."""
    shift = STRIPE_DIGITS[money.currency] - DIGITS[money.currency]
    amount = _shifted(money.minor, shift)
    coarse = STRIPE_DIGITS[money.currency] == 3 and amount % 10
    if coarse or minor_units(amount, money.currency) != money.minor:
        raise AmountNotPossible(f"{money} is finer than Stripe takes of {money.currency}")
    return amount


def minor_units(amount: int, currency: str) -> int:
    """Our minor units of one of Stripe's amounts."""
    shift = DIGITS[currency] - STRIPE_DIGITS[currency]
    return _shifted(amount, shift)


def _shifted(amount: int, digits: int) -> int:
    return amount * int(10**digits) if digits >= 0 else amount // int(10**-digits)


def capture_key(capture_id: str) -> str:
    """The key of a capture in `metadata`, which takes at most 40 characters."""
    return CAPTURE_KEY + UUID(capture_id).hex


def action_url(intent: Intent, action_page: str | None) -> str | None:
    """Where the buyer is to go: to their bank, or to the shop's own page that hands the action to
    Stripe.js. None where neither is known."""
    action = intent.next_action
    if action is not None and action.redirect_to_url is not None:
        return action.redirect_to_url.url
    if action_page is None or intent.client_secret is None:
        return None
    join = "&" if "?" in action_page else "?"
    return (
        f"{action_page}{join}payment_intent={intent.id}"
        f"&payment_intent_client_secret={intent.client_secret}"
    )


def intent_facts(intent: Intent, action_page: str | None = None) -> PaymentFacts:
    """What a PaymentIntent says now about our payment; nothing where it is not the ledger's."""
    if intent.payment_id is None:
        return ()
    match intent.status:
        case "requires_action":
            url = action_url(intent, action_page)
            return () if url is None else (_action(intent, url),)
        case "requires_capture":
            return (_authorised(intent), *_captured_in_parts(intent))
        case "succeeded":
            return _succeeded(intent)
        case "canceled":
            return _canceled(intent)
        case "requires_payment_method" if intent.last_payment_error is not None:
            return (_failed(intent, intent.last_payment_error),)
        case _:
            return ()


def refund_facts(refund: StripeRefund, payment_id: str) -> PaymentFacts:
    refund_id = refund.metadata.get("oms_refund")
    currency = refund.currency.upper()
    name = refund_id or refund.id
    if refund.status == "succeeded":
        report = ProviderReport(
            "refunded",
            f"refunded:{name}",
            minor_units(refund.amount, currency),
            refund.id,
            name,
        )
    elif refund.status in ("failed", "canceled"):
        report = ProviderReport(
            "refund_failed",
            f"refund_failed:{name}",
            reference=refund.id,
            request_id=name,
            code=refund.failure_reason or refund.status,
        )
    else:
        return ()
    return (PaymentFact(payment_id, currency, report),)


def dispute_facts(dispute: StripeDispute, payment_id: str) -> PaymentFacts:
    """A dispute counts once the money was taken from the account, and again once it came back."""
    currency = dispute.currency.upper()
    moved = [each.amount for each in dispute.balance_transactions]
    taken = -sum(amount for amount in moved if amount < 0)
    returned = sum(amount for amount in moved if amount > 0)
    facts: list[PaymentFact] = []
    kinds: tuple[tuple[ReportKind, int], ...] = (
        ("charged_back", taken),
        ("charge_back_reversed", returned),
    )
    for kind, amount in kinds:
        if amount:
            report = ProviderReport(
                kind,
                f"{kind}:{dispute.id}",
                minor_units(amount, currency),
                dispute.id,
                code=dispute.reason,
            )
            facts.append(PaymentFact(payment_id, currency, report))
    return tuple(facts)


def of_request(facts: PaymentFacts, call_id: str, amount: Money) -> PaymentFacts:
    """The facts of a capture that we made, with its id, and its amount where Stripe gives none."""
    return tuple(
        replace(
            fact,
            report=replace(
                fact.report,
                request_id=fact.report.request_id or call_id,
                amount=amount.minor if fact.report.amount is None else fact.report.amount,
            ),
        )
        if fact.report.kind == "captured"
        else fact
        for fact in facts
    )


def _fact(intent: Intent, report: ProviderReport) -> PaymentFact:
    return PaymentFact(intent.metadata["oms_payment"], intent.currency.upper(), report)


def _amount(intent: Intent, amount: int) -> int:
    return minor_units(amount, intent.currency.upper())


def _action(intent: Intent, url: str) -> PaymentFact:
    """One for each address: after a failed attempt there is a new one."""
    name = f"requires_action:{intent.id}:{sha256(url.encode()).hexdigest()[:16]}"
    return _fact(intent, ProviderReport("requires_action", name, reference=intent.id, url=url))


def _authorised(intent: Intent) -> PaymentFact:
    report = ProviderReport(
        "authorised",
        f"authorised:{intent.id}",
        _amount(intent, intent.amount),
        intent.id,
        expires_at=_expiry(intent),
    )
    return _fact(intent, report)


def _expiry(intent: Intent) -> datetime | None:
    charge = intent.latest_charge
    if not isinstance(charge, StripeCharge) or charge.payment_method_details is None:
        return None
    before = (charge.payment_method_details.card or {}).get("capture_before")
    return datetime.fromtimestamp(before, UTC) if isinstance(before, int) else None


def _captured_in_parts(intent: Intent) -> PaymentFacts:
    """Each capture of several; then what Stripe has received beyond them, at its dashboard."""
    facts = [
        _fact(
            intent,
            ProviderReport(
                "captured",
                f"captured:{capture_id}",
                _amount(intent, amount),
                intent.id,
                request_id=capture_id,
            ),
        )
        for capture_id, amount in intent.captures.items()
    ]
    rest = (intent.amount_received or 0) - sum(intent.captures.values())
    if rest > 0:
        name = f"captured:{intent.id}:{intent.amount_received}"
        report = ProviderReport("captured", name, _amount(intent, rest), intent.id, name)
        facts.append(_fact(intent, report))
    return tuple(facts)


def _succeeded(intent: Intent) -> PaymentFacts:
    """All that is captured of it is; what else was authorised is released."""
    received = intent.amount_received
    if intent.captures:
        facts = _captured_in_parts(intent)
    else:
        amount = None if received is None else _amount(intent, received)
        report = ProviderReport("captured", f"captured:{intent.id}", amount, intent.id)
        facts = (_fact(intent, report),)
    if received is not None and received < intent.amount:
        rest = _amount(intent, intent.amount - received)
        released = ProviderReport("voided", f"voided:{intent.id}", rest, intent.id)
        facts = (*facts, _fact(intent, released))
    return facts


def _canceled(intent: Intent) -> PaymentFacts:
    """Released on request or because its time was over; without a charge it came to nothing."""
    if intent.latest_charge is None:
        failed = ProviderReport("failed", f"failed:{intent.id}:canceled", code="canceled")
        return (_fact(intent, failed),)
    expired = intent.cancellation_reason in ("automatic", "expired")
    kind: ReportKind = "authorisation_expired" if expired else "voided"
    gone = ProviderReport(kind, f"{kind}:{intent.id}", reference=intent.id)
    return (_authorised(intent), _fact(intent, gone))


def _failed(intent: Intent, error: IntentError) -> PaymentFact:
    code = error.decline_code or error.code or "declined"
    name = f"failed:{intent.id}:{error.charge or code}"
    return _fact(intent, ProviderReport("failed", name, None, intent.id, None, code, error.message))


def metadata_of(order_id: str, payment_id: str, order_number: str | None) -> Mapping[str, str]:
    metadata = {"oms_order": order_id, "oms_payment": payment_id}
    return metadata | ({} if order_number is None else {"order_number": order_number})
