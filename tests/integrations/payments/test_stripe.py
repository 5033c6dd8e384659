"""What Stripe does that others do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import stripe

from oms_ledger.domain.money import Money
from oms_ledger.integrations.payments.stripe import translate
from oms_ledger.integrations.payments.stripe.client import StripeGateway
from oms_ledger.integrations.payments.stripe.translate import Intent, StripeDispute, StripeRefund
from oms_ledger.integrations.payments.stripe.webhook import KINDS
from oms_ledger.integrations.ports import (
    BadSignature,
    Done,
    NoAnswer,
    PaymentFacts,
    Unknown,
    VendorRefused,
    VendorResponse,
    WebhookMessage,
    WebhookRequest,
)
from oms_ledger.testing import replace
from oms_ledger.testing.payment_gateways import PaymentCourse, call_id
from tests.integrations.payments import openapi
from tests.integrations.payments.stripe_double import ACTION, API_KEY, StripeBench


def kinds(facts: PaymentFacts) -> list[tuple[str, int | None]]:
    return [(fact.report.kind, fact.report.amount) for fact in facts]


def newest(bench: StripeBench) -> PaymentFacts:
    """What the newest message says."""
    *_, request = bench.requests()
    return bench.gateway.facts(bench.gateway.verify(request))


def test_an_authorisation_has_its_expiry() -> None:
    bench = StripeBench()
    outcome = bench.gateway.authorise(PaymentCourse(bench).authorise_call())
    assert isinstance(outcome, Done)
    expires_at = outcome.facts[0].report.expires_at
    assert expires_at == (bench.now.at + timedelta(days=7)).replace(microsecond=0)


def test_an_expired_authorisation_is_not_a_void() -> None:
    bench = StripeBench()
    course = PaymentCourse(bench).authorised()
    bench.double.expire(course.reference)
    assert kinds(newest(bench))[-1][0] == "authorisation_expired"


def test_part_of_it_is_captured_once_and_the_rest_released() -> None:
    bench = StripeBench()
    course = PaymentCourse(bench).authorised()
    outcome = bench.gateway.capture(course.capture_call(1500))
    assert isinstance(outcome, Done)
    assert kinds(outcome.facts) == [("captured", 1500), ("voided", 525)]
    assert outcome.facts[0].report.request_id == call_id("capture")


def test_several_captures_have_ids_of_their_own() -> None:
    bench = StripeBench(options={"multicapture": "yes"})
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.capture(course.capture_call(1000, "first")))
    bench.lose_answers(1)
    second = course.capture_call(500, "second", final=True)
    assert isinstance(bench.gateway.capture(second), Unknown)
    course.take(bench.gateway.lookup(second))
    course.ledger.report(newest(bench))
    assert course.ledger.total("captured") == 1500
    assert course.ledger.total("voided") == 525
    third = bench.gateway.capture(course.capture_call(1, "third"))
    assert isinstance(third, VendorRefused)


def test_a_capture_at_the_dashboard_is_a_fact() -> None:
    bench = StripeBench(options={"multicapture": "yes"})
    course = PaymentCourse(bench).authorised().captured(1000)
    fields = {"amount_to_capture": "300", "final_capture": "false"}
    bench.double.capture(course.reference, fields)
    course.ledger.report(newest(bench))
    assert course.ledger.total("captured") == 1300


def test_the_buyer_is_sent_to_their_bank() -> None:
    bench = StripeBench()
    bench.return_url = "https://shop.example/thanks"
    outcome = bench.gateway.authorise(PaymentCourse(bench).authorise_call(ACTION))
    assert isinstance(outcome, Done)
    (fact,) = outcome.facts
    assert (fact.report.kind, fact.report.url) == ("requires_action", "https://bank.example/3ds")


def test_without_a_page_for_the_buyer_the_payment_is_abandoned() -> None:
    bench = StripeBench()
    outcome = bench.gateway.authorise(PaymentCourse(bench).authorise_call(ACTION))
    assert isinstance(outcome, VendorRefused)
    assert outcome.code == "action_page_missing"
    (intent,) = bench.double.intents.values()
    assert intent["status"] == "canceled"


def test_a_refusal_names_the_banks_reason() -> None:
    bench = StripeBench()
    outcome = bench.gateway.authorise(PaymentCourse(bench).authorise_call("pm_bad"))
    assert outcome == VendorRefused("insufficient_funds", "Your card has insufficient funds.")


def test_disputes_take_and_give_back() -> None:
    bench = StripeBench()
    course = PaymentCourse(bench).authorised().captured()
    bench.double.dispute(course.reference)  # an inquiry: no money has moved
    assert newest(bench) == ()
    bench.double.dispute(course.reference, -2025)
    course.ledger.report(newest(bench))
    assert course.ledger.total("charged_back") == 2025
    bench.double.dispute(course.reference, -2025, 2025)
    course.ledger.report(newest(bench))
    assert course.ledger.total("charge_back_reversed") == 2025


def test_lists_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a lost answer was about, and what a sweep brings, may be on any page."""
    monkeypatch.setattr("oms_ledger.integrations.payments.stripe.client.PAGE", 2)
    bench = StripeBench()
    course = PaymentCourse(bench).authorised().captured()
    call = course.refund_call(500)
    made = bench.gateway.refund(call)
    authorisation = replace(course.authorise_call(), reference="")
    other = {
        "amount": "100",
        "currency": "gbp",
        "capture_method": "manual",
        "payment_method": "pm_1",
    }
    for _ in range(5):  # newer ones, of another system that uses the account
        bench.double.refund("", {"payment_intent": course.reference, "amount": "1"})
        bench.double.create("", other)
    assert isinstance(made, Done)
    assert bench.gateway.lookup(call) == made
    intent = bench.gateway.lookup(authorisation)
    assert isinstance(intent, Done)
    assert intent.reference == course.reference
    swept = bench.gateway.sweep(None).messages
    ids = [each["id"] for each in bench.double.events if each["type"] in KINDS]
    assert len(ids) > 5
    assert [each.message_id for each in swept] == ids, "the oldest first, each once"


def test_a_refund_at_the_dashboard_and_one_that_fails() -> None:
    bench = StripeBench()
    course = PaymentCourse(bench).authorised().captured()
    refund = bench.double.refund("", {"payment_intent": course.reference, "amount": "300"})
    (refunded,) = newest(bench)
    assert kinds((refunded,)) == [("refunded", 300)]
    assert refunded.report.request_id == refund["id"], "it is none that the ledger has requested"
    refund["status"], refund["failure_reason"] = "failed", "expired_or_canceled_card"
    bench.double.event("refund.failed", refund)
    assert kinds(newest(bench)) == [("refund_failed", None)]


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorised"), (403, "unauthorised"), (429, "rate_limited"), (500, "vendor_error")],
)
def test_what_is_no_answer_is_unknown(status: int, code: str) -> None:
    bench = StripeBench()
    bench.double.statuses.append(status)
    outcome = bench.gateway.authorise(PaymentCourse(bench).authorise_call())
    assert isinstance(outcome, Unknown)
    assert outcome.code == code


def test_a_pause_that_stripe_wants_has_an_end() -> None:
    class Limited:
        def send(self, *_: object, **__: object) -> VendorResponse:
            return VendorResponse(429, {"retry-after": "86400000"}, b'{"error":{}}')

    bench = StripeBench()
    gateway = StripeGateway(replace(bench.account, http=Limited()))
    outcome = gateway.authorise(PaymentCourse(bench).authorise_call())
    assert outcome == Unknown("rate_limited", 3600.0)
    with pytest.raises(NoAnswer) as raised:
        gateway.sweep(None)
    assert raised.value.retry_seconds == 3600.0


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"id":"pi_1"}', b"[]", b'{"id":1}'])
def test_half_an_answer_is_unknown(body: bytes) -> None:
    class Half:
        def send(self, *_: object, **__: object) -> VendorResponse:
            return VendorResponse(200, {}, body)

    bench = StripeBench()
    gateway = StripeGateway(replace(bench.account, http=Half()))
    course = PaymentCourse(bench)
    course.reference = "pi_1"
    for outcome in (
        gateway.authorise(course.authorise_call()),
        gateway.capture(course.capture_call(2025)),
        gateway.refund(course.refund_call(500)),
        gateway.lookup(course.capture_call(2025)),
    ):
        assert isinstance(outcome, Unknown), outcome
    with pytest.raises(NoAnswer):
        gateway.sweep(None)


def test_signatures_old_new_and_of_the_secret_before() -> None:
    bench = StripeBench()
    PaymentCourse(bench).authorised()
    body = json.dumps(bench.double.events[0])

    def signed(secret: str, after: timedelta = timedelta()) -> WebhookRequest:
        at = int((datetime.now(UTC) + after).timestamp())
        header = stripe.WebhookSignature.generate_signature_header(body, secret, at)
        return WebhookRequest({"stripe-signature": header}, body.encode())

    secrets = {"api_key": API_KEY, "webhook_secret": "new", "webhook_secret_before": "old"}
    gateway = StripeGateway(replace(bench.account, secrets=secrets))
    for secret in ("new", "old"):
        assert gateway.verify(signed(secret)).message_id == bench.double.events[0]["id"]
    for wrong in (
        signed("another"),
        signed(""),
        signed("new", timedelta(minutes=-6)),
        signed("new", timedelta(minutes=6)),
    ):
        with pytest.raises(BadSignature):
            gateway.verify(wrong)


def test_messages_about_others_have_no_facts() -> None:
    bench = StripeBench()
    assert bench.gateway.facts(message("customer.created", "cus_1")) == ()
    course = PaymentCourse(bench).authorised()
    bench.double.intents[course.reference]["metadata"] = {}
    assert bench.gateway.facts(message("payment_intent.succeeded", course.reference)) == ()


def message(kind: str, about: str) -> WebhookMessage:
    event = {"id": "evt_1", "type": kind, "created": 1, "data": {"object": {"id": about}}}
    return WebhookMessage("evt_1", kind, json.dumps(event).encode())


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(255, "GBP"), 255),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50000),
        (Money(500, "MGA"), 5),
        (Money(1230, "KWD"), 1230),
    ],
)
def test_amounts_as_stripe_counts_them(money: Money, amount: int) -> None:
    assert translate.stripe_amount(money) == amount
    assert translate.minor_units(amount, money.currency) == money.minor


@pytest.mark.parametrize("money", [Money(1234, "KWD"), Money(50, "MGA")])
def test_amounts_that_stripe_does_not_take(money: Money) -> None:
    bench = StripeBench()
    course = PaymentCourse(bench)
    refused = bench.gateway.authorise(replace(course.authorise_call(), amount=money))
    assert isinstance(refused, VendorRefused)
    assert refused.code == "amount_not_possible"
    assert bench.double.requests == []


def test_stripes_own_examples_can_be_read() -> None:
    """Its published objects, which nobody here has written."""
    resources = openapi.document("stripe/fixtures3.json")["resources"]
    for name, kind in (
        ("payment_intent", Intent),
        ("refund", StripeRefund),
        ("dispute", StripeDispute),
    ):
        assert msgspec.convert(resources[name], kind)
