"""The stand-in's orders as PayPal's API answers them."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.integrations.payments.paypal.translate import paypal_amount
from oms_ledger.kernel import Json
from oms_ledger.testing.paypal.books import (
    AuthorizationEntry,
    CaptureEntry,
    OrderEntry,
    RefundEntry,
)


def rendered_order(order: OrderEntry, base_url: str) -> dict[str, Json]:
    payments: dict[str, Json] = {
        "authorizations": [
            rendered_authorization(each, order, base_url) for each in order.authorizations
        ],
        "captures": [rendered_capture(each, base_url) for each in order.captures],
        "refunds": [rendered_refund(each, base_url) for each in order.refunds],
    }
    links: list[Json] = [_link(f"{base_url}/v2/checkout/orders/{order.id}", "self")]
    if order.status == "PAYER_ACTION_REQUIRED":
        links.append(_link(f"{base_url}/checkoutnow?token={order.id}", "payer-action"))
    return {
        "id": order.id,
        "status": order.status,
        "intent": order.intent,
        "purchase_units": [
            {
                "reference_id": "default",
                "custom_id": order.custom_id,
                "amount": paypal_amount(order.amount),
                "payments": {name: each for name, each in payments.items() if each},
            }
        ],
        "links": links,
    }


def rendered_authorization(
    entry: AuthorizationEntry, order: OrderEntry, base_url: str
) -> dict[str, Json]:
    return {
        "id": entry.id,
        "status": entry.status,
        "amount": paypal_amount(entry.amount),
        "custom_id": order.custom_id,
        "create_time": _time(entry.created_at),
        "expiration_time": _time(entry.expires_at),
        "links": [_link(f"{base_url}/v2/payments/authorizations/{entry.id}", "self")],
        "supplementary_data": {"related_ids": {"order_id": order.id}},
    }


def rendered_capture(entry: CaptureEntry, base_url: str) -> dict[str, Json]:
    related: dict[str, Json] = {"order_id": entry.order_id}
    if entry.authorization_id is not None:
        related["authorization_id"] = entry.authorization_id
    body: dict[str, Json] = {
        "id": entry.id,
        "status": entry.status,
        "amount": paypal_amount(entry.amount),
        "custom_id": entry.custom_id,
        "final_capture": entry.final,
        "links": [_link(f"{base_url}/v2/payments/captures/{entry.id}", "self")],
        "supplementary_data": {"related_ids": related},
    }
    return body if entry.invoice_id is None else {**body, "invoice_id": entry.invoice_id}


def rendered_refund(entry: RefundEntry, base_url: str) -> dict[str, Json]:
    body: dict[str, Json] = {
        "id": entry.id,
        "status": entry.status,
        "amount": paypal_amount(entry.amount),
        "links": [
            _link(f"{base_url}/v2/payments/refunds/{entry.id}", "self"),
            _link(f"{base_url}/v2/payments/captures/{entry.capture_id}", "up"),
        ],
    }
    return body if entry.custom_id is None else {**body, "custom_id": entry.custom_id}


def _link(href: str, rel: str) -> dict[str, Json]:
    return {"href": href, "rel": rel, "method": "GET"}


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
