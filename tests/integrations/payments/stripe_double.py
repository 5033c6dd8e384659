"""What Stripe does with PaymentIntents, Refunds, Disputes and Events, kept in books: it remembers
idempotency keys, and has what localstripe has not (amounts received, several captures, disputes,
expiry)."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from re import fullmatch
from typing import Any
from urllib.parse import urlsplit

import stripe

from oms_ledger.integrations.payments.stripe.client import StripeGateway
from oms_ledger.integrations.ports import (
    NoAnswer,
    PaymentGateway,
    VendorAccount,
    VendorResponse,
    WebhookRequest,
)
from oms_ledger.testing.payment_gateways import ProviderTotals
from tests.integrations.payments.benches import Clock
from tests.integrations.payments.forms import parsed

API_KEY = "sk_test_12345"
WEBHOOK_SECRET = "whsec_of_the_tests"
GOOD, BAD, ACTION = "pm_good", "pm_bad", "pm_3ds"


class StripeDouble:
    def __init__(self, now: Callable[[], datetime], *, forgetful: bool = False) -> None:
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.disputes: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self.lost = 0
        self.statuses: deque[int] = deque()
        self.requests: list[tuple[str, str, str, Mapping[str, str]]] = []
        self._now = now
        self._forgetful = forgetful
        self._answered: dict[str, tuple[int, dict[str, Any]]] = {}
        self._numbers = count(1)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> VendorResponse:
        parts, sent = urlsplit(url), {k.lower(): v for k, v in (headers or {}).items()}
        text = body.decode() if method == "POST" else parts.query
        self.requests.append((method, parts.path, text, sent))
        if sent["authorization"] != f"Bearer {API_KEY}":
            return _response(401, {"error": {"type": "invalid_request_error"}})
        if method == "POST" and self.statuses and (status := self.statuses.popleft()):
            return _response(status, {"error": {"type": "api_error"}})
        code, answer = self._once(method, parts.path, parsed(text), sent.get("idempotency-key"))
        if method == "POST" and self.lost:
            self.lost -= 1
            raise NoAnswer("broken_connection")
        return _response(code, answer)

    def _once(
        self, method: str, path: str, fields: dict[str, Any], key: str | None
    ) -> tuple[int, dict[str, Any]]:
        if method != "POST" or key is None or self._forgetful:
            return self._done(method, path, fields)
        if key not in self._answered:
            self._answered[key] = self._done(method, path, fields)
        return self._answered[key]

    def _done(self, method: str, path: str, fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        for wanted, pattern, action in _ROUTES:
            match = fullmatch(pattern, path)
            if match and wanted == method:
                try:
                    return 200, json.loads(
                        json.dumps(action(self, match["id"] if match.groups() else "", fields))
                    )
                except KeyError:
                    break
                except Refusal as error:
                    return error.status, {"error": error.fields}
        return 404, {"error": {"type": "invalid_request_error", "code": "resource_missing"}}

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):06d}"

    def event(self, kind: str, thing: Mapping[str, Any]) -> None:
        self.events.append(
            {
                "id": self._id("evt"),
                "object": "event",
                "type": kind,
                "created": int(self._now().timestamp()),
                "data": {"object": json.loads(json.dumps(thing))},
            }
        )

    # PaymentIntents.

    def create(self, _: str, fields: dict[str, Any]) -> dict[str, Any]:
        intent: dict[str, Any] = {
            "id": self._id("pi"),
            "object": "payment_intent",
            "amount": int(fields["amount"]),
            "currency": fields["currency"],
            "created": int(self._now().timestamp()),
            "metadata": dict(fields.get("metadata", {})),
            "capture_method": fields["capture_method"],
            "amount_received": 0,
            "amount_capturable": 0,
            "latest_charge": None,
            "next_action": None,
            "cancellation_reason": None,
            "last_payment_error": None,
        }
        intent["client_secret"] = f"{intent['id']}_secret_x"
        intent["multi"] = "payment_method_options" in fields
        self.intents[intent["id"]] = intent
        method = fields["payment_method"]
        if method == ACTION:
            intent["status"] = "requires_action"
            intent["next_action"] = _action(fields.get("return_url"))
            self.event("payment_intent.requires_action", intent)
        elif method == BAD:
            self._decline(intent)
        else:
            self.confirm(intent["id"])
        return intent

    def _decline(self, intent: dict[str, Any]) -> None:
        error = {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "insufficient_funds",
            "message": "Your card has insufficient funds.",
            "charge": self._id("ch"),
        }
        intent["status"], intent["last_payment_error"] = "requires_payment_method", error
        self.event("payment_intent.payment_failed", intent)
        raise Refusal(402, {**error, "payment_intent": intent})

    def confirm(self, intent_id: str) -> None:
        """As when the buyer has authenticated."""
        intent = self.intents[intent_id]
        intent["next_action"] = None
        before = int((self._now() + timedelta(days=7)).timestamp())
        intent["latest_charge"] = {
            "id": self._id("ch"),
            "object": "charge",
            "payment_method_details": {"card": {"capture_before": before}},
        }
        if intent["capture_method"] == "manual":
            intent["status"], intent["amount_capturable"] = "requires_capture", intent["amount"]
            self.event("payment_intent.amount_capturable_updated", intent)
        else:
            intent["status"], intent["amount_received"] = "succeeded", intent["amount"]
            self.event("payment_intent.succeeded", intent)

    def retrieve(self, intent_id: str, _: dict[str, Any]) -> dict[str, Any]:
        return self.intents[intent_id]

    def list_intents(self, _: str, fields: dict[str, Any]) -> dict[str, Any]:
        return _page("payment_intents", list(self.intents.values())[::-1], fields)

    def capture(self, intent_id: str, fields: dict[str, Any]) -> dict[str, Any]:
        intent = self.intents[intent_id]
        amount = int(fields["amount_to_capture"])
        if intent["status"] != "requires_capture":
            raise Refusal(400, {"code": "payment_intent_unexpected_state"})
        if amount > intent["amount_capturable"]:
            raise Refusal(400, {"code": "amount_too_large"})
        intent["amount_received"] += amount
        intent["amount_capturable"] -= amount
        intent["metadata"] |= fields.get("metadata", {})
        more = intent["multi"] and fields.get("final_capture") == "false"
        if not more or not intent["amount_capturable"]:
            intent["status"], intent["amount_capturable"] = "succeeded", 0
            self.event("payment_intent.succeeded", intent)
        self.event("charge.captured", {"id": "ch", "payment_intent": intent_id})
        return intent

    def cancel(self, intent_id: str, _: dict[str, Any]) -> dict[str, Any]:
        intent = self.intents[intent_id]
        if intent["status"] in ("succeeded", "canceled"):
            raise Refusal(400, {"code": "payment_intent_unexpected_state"})
        intent["status"], intent["amount_capturable"] = "canceled", 0
        self.event("payment_intent.canceled", intent)
        return intent

    def expire(self, intent_id: str) -> None:
        self.intents[intent_id]["cancellation_reason"] = "automatic"
        self.cancel(intent_id, {})

    # Refunds, disputes, events.

    def refund(self, _: str, fields: dict[str, Any]) -> dict[str, Any]:
        intent = self.intents[fields["payment_intent"]]
        refunded = sum(
            each["amount"]
            for each in self.refunds.values()
            if each["payment_intent"] == intent["id"] and each["status"] != "failed"
        )
        amount = int(fields["amount"])
        if refunded + amount > intent["amount_received"]:
            raise Refusal(400, {"code": "charge_already_refunded"})
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "status": "succeeded",
            "amount": amount,
            "currency": intent["currency"],
            "payment_intent": intent["id"],
            "metadata": fields.get("metadata", {}),
        }
        self.refunds[str(refund["id"])] = refund
        self.event("refund.created", refund)
        return refund

    def retrieve_refund(self, refund_id: str, _: dict[str, Any]) -> dict[str, Any]:
        return self.refunds[refund_id]

    def list_refunds(self, _: str, fields: dict[str, Any]) -> dict[str, Any]:
        wanted = fields["payment_intent"]
        some = [each for each in self.refunds.values() if each["payment_intent"] == wanted]
        return _page("refunds", some[::-1], fields)

    def dispute(self, intent_id: str, *moved: int) -> dict[str, Any]:
        """Opened, or anew with what was moved by now."""
        intent = self.intents[intent_id]
        dispute = {
            "id": f"dp_{intent_id}",
            "object": "dispute",
            "status": "needs_response" if len(moved) < 2 else "won",
            "amount": intent["amount_received"],
            "currency": intent["currency"],
            "reason": "fraudulent",
            "payment_intent": intent_id,
            "balance_transactions": [{"amount": each} for each in moved],
        }
        self.disputes[str(dispute["id"])] = dispute
        kind = "funds_withdrawn" if len(moved) < 2 else "funds_reinstated"
        self.event(f"charge.dispute.{kind}", dispute)
        return dispute

    def retrieve_dispute(self, dispute_id: str, _: dict[str, Any]) -> dict[str, Any]:
        return self.disputes[dispute_id]

    def list_events(self, _: str, fields: dict[str, Any]) -> dict[str, Any]:
        since = int(fields["created"]["gte"])
        some = [each for each in self.events if each["created"] >= since]
        return _page("events", some[::-1], fields)

    def balance(self, _: str, __: dict[str, Any]) -> dict[str, Any]:
        return {"object": "balance", "available": []}

    def signed(self, secret: str = WEBHOOK_SECRET) -> Iterator[WebhookRequest]:
        """What it has sent so far, each signed now."""
        for event in self.events:
            body = json.dumps(event)
            header = stripe.WebhookSignature.generate_signature_header(body, secret)
            yield WebhookRequest({"stripe-signature": header}, body.encode())


class Refusal(Exception):
    def __init__(self, status: int, fields: dict[str, Any]) -> None:
        super().__init__(fields.get("code"))
        self.status = status
        self.fields = {"type": "invalid_request_error", "message": "No.", **fields}


_ID = r"(?P<id>\w+)"
_Action = Callable[[StripeDouble, str, dict[str, Any]], dict[str, Any]]
_ROUTES: tuple[tuple[str, str, _Action], ...] = (
    ("POST", "/v1/payment_intents", StripeDouble.create),
    ("GET", "/v1/payment_intents", StripeDouble.list_intents),
    ("GET", f"/v1/payment_intents/{_ID}", StripeDouble.retrieve),
    ("POST", f"/v1/payment_intents/{_ID}/capture", StripeDouble.capture),
    ("POST", f"/v1/payment_intents/{_ID}/cancel", StripeDouble.cancel),
    ("POST", "/v1/refunds", StripeDouble.refund),
    ("GET", "/v1/refunds", StripeDouble.list_refunds),
    ("GET", f"/v1/refunds/{_ID}", StripeDouble.retrieve_refund),
    ("GET", f"/v1/disputes/{_ID}", StripeDouble.retrieve_dispute),
    ("GET", "/v1/events", StripeDouble.list_events),
    ("GET", "/v1/balance", StripeDouble.balance),
)


class StripeBench:
    remembers = True
    webhooks = True
    good_token: str | None = GOOD
    bad_token: str | None = BAD
    return_url: str | None = None

    def __init__(
        self, *, forgetful: bool = False, options: Mapping[str, str] | None = None
    ) -> None:

        self.now = Clock(datetime.now(UTC))  # the SDK verifies signatures by the real one
        self.double = StripeDouble(self.now, forgetful=forgetful)
        self.account = stripe_account(self.double, self.now, options)
        self.gateway: PaymentGateway = StripeGateway(self.account)

    def approve(self, reference: str) -> None:
        self.double.confirm(reference)

    def lose_answers(self, count: int) -> None:
        self.double.lost += count

    def totals(self, payment_id: str) -> ProviderTotals:
        intents = [
            each
            for each in self.double.intents.values()
            if each["metadata"].get("oms_payment") == payment_id
        ]
        ids = {each["id"] for each in intents}
        refunds = [each for each in self.double.refunds.values() if each["payment_intent"] in ids]
        return ProviderTotals(
            sum(each["amount_received"] for each in intents),
            sum(each["amount"] for each in refunds),
        )

    def requests(self) -> Iterator[WebhookRequest]:
        return self.double.signed()


def stripe_account(
    http: StripeDouble, now: Callable[[], datetime], options: Mapping[str, str] | None = None
) -> VendorAccount:
    return VendorAccount(
        "stripe",
        "stripe",
        "https://api.stripe.com",
        http,
        now,
        options or {},
        {"api_key": API_KEY, "webhook_secret": WEBHOOK_SECRET},
    )


def _action(return_url: str | None) -> dict[str, Any]:
    if return_url is None:
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    return {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example/3ds"}}


def _page(path: str, things: list[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
    """As Stripe's lists: the newest first, `starting_after` one."""
    after = fields.get("starting_after")
    ids = [each["id"] for each in things]
    first = ids.index(after) + 1 if after in ids else 0
    limit = int(fields.get("limit", 10))
    some = things[first : first + limit]
    more = len(things) > first + limit
    return {"object": "list", "data": some, "has_more": more, "url": f"/v1/{path}"}


def _response(status: int, body: Mapping[str, Any]) -> VendorResponse:
    return VendorResponse(status, {"request-id": "req_1"}, json.dumps(body).encode())
