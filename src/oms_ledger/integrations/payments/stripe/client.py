"""Calls to Stripe: PaymentIntents, Refunds, Disputes and Events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec
import stripe

from oms_ledger.integrations import vendor_json
from oms_ledger.integrations.client import retry_after_seconds
from oms_ledger.integrations.payments.stripe import translate
from oms_ledger.integrations.payments.stripe.http import sdk
from oms_ledger.integrations.payments.stripe.translate import Intent, StripeDispute, StripeRefund
from oms_ledger.integrations.payments.stripe.webhook import (
    CHARGE_KINDS,
    DISPUTE_KINDS,
    INTENT_KINDS,
    KINDS,
    REFUND_KINDS,
    StripeEvent,
    verify,
)
from oms_ledger.integrations.ports import (
    AmountNotPossible,
    AnyPaymentCall,
    AuthoriseCall,
    CaptureCall,
    Done,
    NoAnswer,
    PaymentFacts,
    PaymentOutcome,
    RefundCall,
    Sweep,
    Unknown,
    VendorAccount,
    VendorRefused,
    VoidCall,
    WebhookMessage,
    WebhookRequest,
)

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCaptureParams, PaymentIntentCreateParams

T = TypeVar("T")

PAGE = 100
"""Objects of one page of a list; Stripe's most."""

SKEW_SECONDS = 300
"""How much Stripe's clock may be behind ours."""

SWEPT_SECONDS = 3600
"""How far back the first sweep goes. Stripe keeps events for 30 days."""


class StripeGateway:
    def __init__(self, account: VendorAccount) -> None:
        self._account = account
        self._sdk = sdk(account)
        self._multicapture = account.options.get("multicapture") == "yes"
        self._action_page = account.options.get("action_page")

    def check(self) -> Done[None] | VendorRefused | Unknown:
        return _outcome(lambda: _checked(self._sdk))

    # The calls.

    def authorise(self, call: AuthoriseCall) -> PaymentOutcome:
        if call.method_token is None:
            return VendorRefused(
                "method_token_missing",
                "Stripe takes a payment by the token of a means of payment (pm_...), which Stripe's"
                " elements in the shop's page make. Request it again with method_token.",
            )
        token = call.method_token
        return _outcome(lambda: self._authorised(call, token))

    def _authorised(self, call: AuthoriseCall, token: str) -> PaymentOutcome:
        created = self._sdk.v1.payment_intents.create(
            self._create_params(call, token), {"idempotency_key": f"{call.call_id}:authorise"}
        )
        intent = _read(created, Intent)
        if intent.status == "requires_action" and not self._facts(intent):
            self._sdk.v1.payment_intents.cancel(
                intent.id, options={"idempotency_key": f"{call.call_id}:abandon"}
            )
            return VendorRefused(
                "action_page_missing",
                "The buyer must confirm the payment. Request it again with return_url, or set the"
                " option action_page of the connection.",
            )
        return self._outcome_of_authorisation(intent)

    def _create_params(self, call: AuthoriseCall, token: str) -> PaymentIntentCreateParams:
        """The SDK's types are those of its newest version, which names `payment_method_types`
        otherwise."""
        customer, _, method = token.rpartition(":")
        types = self._account.options.get("payment_method_types", "card")
        params: dict[str, object] = {
            "amount": translate.stripe_amount(call.amount),
            "currency": call.amount.currency.lower(),
            "capture_method": "automatic" if call.automatic else "manual",
            "payment_method": method,
            "payment_method_types": [each.strip() for each in types.split(",")],
            "confirm": True,
            "metadata": dict(
                translate.metadata_of(call.order_id, call.payment_id, call.order_number)
            ),
            "expand": ["latest_charge"],
        }
        if call.return_url is not None:
            params["return_url"] = call.return_url
        if customer:
            params["customer"] = customer
            if call.return_url is None:
                params["off_session"] = True
        if self._multicapture:
            params["payment_method_options"] = {"card": {"request_multicapture": "if_available"}}
        return cast("PaymentIntentCreateParams", params)

    def capture(self, call: CaptureCall) -> PaymentOutcome:
        return self._on_intent(call, lambda: self._captured(call))

    def _captured(self, call: CaptureCall) -> PaymentOutcome:
        params: PaymentIntentCaptureParams = {
            "amount_to_capture": translate.stripe_amount(call.amount),
            "expand": ["latest_charge"],
        }
        if self._multicapture:
            amount = translate.stripe_amount(call.amount)
            params["final_capture"] = call.final
            params["metadata"] = {translate.capture_key(call.call_id): str(amount)}
        captured = self._sdk.v1.payment_intents.capture(
            call.reference, params, {"idempotency_key": f"{call.call_id}:capture"}
        )
        return self._capture_of(_read(captured, Intent), call) or Unknown("not_captured")

    def void(self, call: VoidCall) -> PaymentOutcome:
        return self._on_intent(call, lambda: self._voided(call))

    def _voided(self, call: VoidCall) -> PaymentOutcome:
        canceled = self._sdk.v1.payment_intents.cancel(
            call.reference,
            {"expand": ["latest_charge"]},
            {"idempotency_key": f"{call.call_id}:void"},
        )
        return self._void_of(_read(canceled, Intent)) or Unknown("not_released")

    def refund(self, call: RefundCall) -> PaymentOutcome:
        return self._on_intent(call, lambda: self._refunded(call))

    def _refunded(self, call: RefundCall) -> PaymentOutcome:
        created = self._sdk.v1.refunds.create(
            {
                "payment_intent": call.reference,
                "amount": translate.stripe_amount(call.amount),
                "metadata": {"oms_payment": call.payment_id, "oms_refund": call.call_id},
            },
            {"idempotency_key": f"{call.call_id}:refund"},
        )
        return _refund_of(_read(created, StripeRefund), call)

    def _on_intent(
        self, call: CaptureCall | VoidCall | RefundCall, act: Callable[[], PaymentOutcome]
    ) -> PaymentOutcome:
        """A call about a PaymentIntent. Where it is refused because it was done before, it is
        done."""
        if not call.reference:
            return VendorRefused("reference_missing", "Stripe's id of the payment is not known.")
        outcome = _outcome(act)
        if isinstance(outcome, VendorRefused):
            before = self.lookup(call)
            return before if isinstance(before, Done) else outcome
        return outcome

    # What came of them.

    def lookup(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        if not call.reference and not isinstance(call, AuthoriseCall):
            return None
        return _outcome(lambda: self._looked_up(call))

    def _looked_up(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        if isinstance(call, AuthoriseCall):
            intent = self._intent_of(call)
            return None if intent is None else self._outcome_of_authorisation(intent)
        if isinstance(call, RefundCall):
            refunds = self._refunds(call.reference)
            made = (each for each in refunds if each.metadata.get("oms_refund") == call.call_id)
            return next((_refund_of(each, call) for each in made), None)
        intent = self._intent(call.reference)
        return (
            self._capture_of(intent, call)
            if isinstance(call, CaptureCall)
            else self._void_of(intent)
        )

    def _intent(self, intent_id: str) -> Intent:
        return _read(
            self._sdk.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]}), Intent
        )

    def _intent_of(self, call: AuthoriseCall) -> Intent | None:
        """The PaymentIntent of a payment. It is read from the list, which has what was made
        just now, as Stripe's search has not."""
        if call.reference:
            return self._intent(call.reference)
        since = call.requested_at.timestamp() - SKEW_SECONDS
        newest_first = self._sdk.v1.payment_intents.list({"limit": PAGE})
        for each in newest_first.auto_paging_iter():
            intent = _read(each, Intent)
            if intent.payment_id == call.payment_id:
                return self._intent(intent.id)
            if intent.created < since:
                return None
        return None

    def _refunds(self, intent_id: str) -> Iterator[StripeRefund]:
        refunds = self._sdk.v1.refunds.list({"payment_intent": intent_id, "limit": PAGE})
        for each in refunds.auto_paging_iter():
            yield _read(each, StripeRefund)

    def _facts(self, intent: Intent) -> PaymentFacts:
        return translate.intent_facts(intent, self._action_page)

    def _outcome_of_authorisation(self, intent: Intent) -> PaymentOutcome:
        facts = self._facts(intent)
        if len(facts) == 1 and facts[0].report.kind == "failed":
            report = facts[0].report
            return VendorRefused(report.code or "declined", report.text or "")
        return Done(intent.id, facts)

    def _capture_of(self, intent: Intent, call: CaptureCall) -> PaymentOutcome | None:
        if intent.captures:
            if call.call_id not in intent.captures:
                return None
        elif intent.status != "succeeded":
            return (
                VendorRefused("canceled", "It was released.")
                if intent.status == "canceled"
                else None
            )
        facts = self._facts(intent)
        return Done(intent.id, translate.of_request(facts, call.call_id, call.amount))

    def _void_of(self, intent: Intent) -> PaymentOutcome | None:
        released = any(
            fact.report.kind in ("voided", "authorisation_expired") for fact in self._facts(intent)
        )
        if released:
            return Done(intent.id, self._facts(intent))
        if intent.status == "succeeded":
            return VendorRefused("already_captured", "All of it was captured.")
        return None

    # What Stripe sends.

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        return verify(request, self._account.secrets, self._account.now())

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        event = vendor_json.decode(message.body, StripeEvent)
        about = event.data.object
        if event.type in INTENT_KINDS:
            return _fetched(lambda: self._facts(self._intent(about.id)))
        if event.type in CHARGE_KINDS and about.payment_intent is not None:
            intent_id = about.payment_intent
            return _fetched(lambda: self._facts(self._intent(intent_id)))
        if event.type in REFUND_KINDS:
            return _fetched(lambda: self._facts_of_refund(about.id))
        if event.type in DISPUTE_KINDS:
            return _fetched(lambda: self._facts_of_dispute(about.id))
        return ()

    def _facts_of_refund(self, refund_id: str) -> PaymentFacts:
        refund = _read(self._sdk.v1.refunds.retrieve(refund_id), StripeRefund)
        payment_id = self._payment_id(refund.payment_intent)
        return () if payment_id is None else translate.refund_facts(refund, payment_id)

    def _facts_of_dispute(self, dispute_id: str) -> PaymentFacts:
        dispute = _read(self._sdk.v1.disputes.retrieve(dispute_id), StripeDispute)
        payment_id = self._payment_id(dispute.payment_intent)
        return () if payment_id is None else translate.dispute_facts(dispute, payment_id)

    def _payment_id(self, intent_id: str | None) -> str | None:
        return None if intent_id is None else self._intent(intent_id).payment_id

    def sweep(self, cursor: str | None) -> Sweep:
        return _fetched(lambda: self._swept(cursor))

    def _swept(self, cursor: str | None) -> Sweep:
        """Stripe lists the newest first: all pages are read, and the oldest message comes first.
        The cursor is the time of the newest, which is read once more."""
        since = int(cursor or self._account.now().timestamp() - SWEPT_SECONDS)
        newest_first = self._sdk.v1.events.list({"created": {"gte": since}, "limit": PAGE})
        events = list(newest_first.auto_paging_iter())
        events.reverse()  # what is of one second keeps its order
        oldest_first = sorted(events, key=lambda event: event.created)
        messages = [
            WebhookMessage(each.id, each.type, msgspec.json.encode(each.to_dict(for_json=True)))
            for each in oldest_first
            if each.type in KINDS
        ]
        return Sweep(messages, str(max((each.created for each in events), default=since)))


def _checked(client: stripe.StripeClient) -> Done[None]:
    client.v1.balance.retrieve()
    return Done("", None)


def _read(thing: stripe.StripeObject, kind: type[T]) -> T:
    return vendor_json.convert(thing.to_dict(), kind)


def _refund_of(refund: StripeRefund, call: RefundCall) -> PaymentOutcome:
    """Pending refunds are done as far as we are concerned, and reported later."""
    if refund.status in ("failed", "canceled"):
        return VendorRefused(refund.failure_reason or "failed", "Stripe could not refund it.")
    return Done(refund.id, translate.refund_facts(refund, call.payment_id))


def _outcome(act: Callable[[], T]) -> T | VendorRefused | Unknown:
    """What an error means: Stripe refused it, or nobody knows."""
    try:
        return act()
    except NoAnswer as error:
        return Unknown(error.code, error.retry_seconds)
    except stripe.StripeError as error:
        return _outcome_of(error)
    except AmountNotPossible as error:
        return VendorRefused("amount_not_possible", str(error))
    except (msgspec.ValidationError, ValueError, LookupError, TypeError, AttributeError):
        return Unknown("malformed_answer")


def _outcome_of(error: stripe.StripeError) -> VendorRefused | Unknown:
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return Unknown("unauthorised")
    if isinstance(error, stripe.RateLimitError) or error.http_status == 429:
        return Unknown("rate_limited", _retry_seconds(error))
    refused = isinstance(error, (stripe.CardError, stripe.InvalidRequestError))
    if not refused or error.http_status not in (400, 402, 404):
        return Unknown("vendor_error", _retry_seconds(error))
    details = error.error
    code = (details.decline_code or details.code) if details is not None else None
    return VendorRefused(code or error.code or "invalid_request", error.user_message or "")


def _retry_seconds(error: stripe.StripeError) -> float | None:
    return retry_after_seconds((error.headers or {}).get("retry-after"), datetime.now(UTC))


def _fetched(fetch: Callable[[], T]) -> T:
    """What was read of Stripe; `NoAnswer` where nothing came that can be read."""
    outcome = _outcome(fetch)
    if isinstance(outcome, Unknown):
        raise NoAnswer(outcome.code, outcome.retry_seconds)
    if isinstance(outcome, VendorRefused):
        raise NoAnswer(outcome.code)
    return outcome
