"""Stripe's webhooks: verified by the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from stripe import SignatureVerificationError, WebhookSignature

from oms_ledger.integrations import vendor_json
from oms_ledger.integrations.ports import BadSignature, WebhookMessage, WebhookRequest

TOLERANCE_SECONDS = 300
"""How old a signature may be; the SDK's own default. A message is sent again with a new one."""

FUTURE_MAX = timedelta(minutes=5)
"""How much Stripe's clock may be ahead of ours. The SDK takes any time that is to come."""

INTENT_KINDS = frozenset(
    {
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    }
)
CHARGE_KINDS = frozenset({"charge.captured", "charge.expired"})
REFUND_KINDS = frozenset(
    {"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"}
)
DISPUTE_KINDS = frozenset(
    {"charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated", "charge.dispute.closed"}
)
KINDS = INTENT_KINDS | CHARGE_KINDS | REFUND_KINDS | DISPUTE_KINDS
"""The events to switch on at Stripe. Others are taken, and say nothing about payments."""


class EventObject(msgspec.Struct):
    """What an event is about, as it was then. It is fetched anew before it is believed."""

    id: str
    payment_intent: str | None = None


class EventData(msgspec.Struct):
    object: EventObject


class StripeEvent(msgspec.Struct):
    id: str
    type: str
    created: int
    data: EventData


def verify(request: WebhookRequest, secrets: Mapping[str, str], now: datetime) -> WebhookMessage:
    """The message of a request whose signature is one of our endpoint's secrets'."""
    header = request.headers.get("stripe-signature", "")
    wanted = [
        secrets[name] for name in ("webhook_secret", "webhook_secret_before") if name in secrets
    ]
    if not any(_is_signed(request.body, header, secret) for secret in wanted if secret):
        raise BadSignature
    if _signed_at(header) > (now + FUTURE_MAX).timestamp():
        raise BadSignature
    try:
        event = vendor_json.decode(request.body, StripeEvent)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadSignature from None
    return WebhookMessage(event.id, event.type, request.body)


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
    except (SignatureVerificationError, UnicodeDecodeError, ValueError, IndexError):
        return False
    return True


def _signed_at(header: str) -> int:
    return int(next(each[2:] for each in header.split(",") if each.startswith("t=")))
