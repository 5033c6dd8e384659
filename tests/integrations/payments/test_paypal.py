"""What PayPal does that others do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from oms_ledger.domain.money import Money
from oms_ledger.integrations.payments.paypal import translate
from oms_ledger.integrations.payments.paypal.client import PayPalGateway
from oms_ledger.integrations.ports import (
    Done,
    PaymentFacts,
    ShipmentCall,
    Unknown,
    VendorRefused,
    VendorResponse,
    WebhookMessage,
)
from oms_ledger.testing import replace
from oms_ledger.testing.payment_gateways import PaymentCourse, call_id
from oms_ledger.testing.paypal.http import StandInHttp
from tests.integrations.payments.benches import NOW, PayPalBench


def kinds(facts: PaymentFacts) -> list[tuple[str, int | None]]:
    return [(fact.report.kind, fact.report.amount) for fact in facts]


def paths(bench: PayPalBench) -> list[str]:
    return [path for method, path, _, _ in bench.stand_in.requests if method == "POST"]


def test_an_old_authorisation_is_renewed_before_it_is_captured() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    bench.now.at += timedelta(days=4)
    course.captured()
    assert [path.rpartition("/")[2] for path in paths(bench)[-2:]] == ["reauthorize", "capture"]
    order = bench.stand_in.books.order(course.reference)
    assert order.captures[0].authorization_id == order.authorizations[1].id


def test_a_young_one_is_not() -> None:
    bench = PayPalBench()
    PaymentCourse(bench).authorised().captured()
    assert not any("reauthorize" in path for path in paths(bench))


def test_a_final_capture_releases_the_rest_after_every_capture_before_it() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.capture(course.capture_call(1000, "first")))
    course.take(bench.gateway.capture(course.capture_call(500, "last", final=True)))
    facts = bench.gateway.facts(about(course.reference))
    amounts = [("authorised", 2025), ("captured", 1000), ("captured", 500), ("voided", 525)]
    assert kinds(facts) == amounts
    refused = bench.gateway.capture(course.capture_call(100, "too late"))
    assert isinstance(refused, VendorRefused)
    course.take(bench.gateway.void(course.void_call()))  # it is released by now


def test_a_refund_of_several_captures_is_one_fact() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.capture(course.capture_call(1000, "first")))
    course.take(bench.gateway.capture(course.capture_call(1000, "second")))
    bench.stand_in.faults.extend(["after"])  # the answer to the first of two is lost
    refund = course.refund_call(1500)
    assert isinstance(bench.gateway.refund(refund), Unknown)
    assert bench.gateway.lookup(refund) is None  # it is not whole
    done = bench.gateway.refund(refund)
    assert isinstance(done, Done)
    assert kinds(done.facts) == [("refunded", 1500)]
    assert bench.totals(course.capture_call(1).payment_id).refunded == 1500


def test_a_refund_of_which_one_part_was_made_is_not_refused() -> None:
    """Refused, it would be requested again whole, and its first part be paid twice."""
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.capture(course.capture_call(1000, "first")))
    course.take(bench.gateway.capture(course.capture_call(1000, "second")))
    refund = course.refund_call(1500)
    assert isinstance(bench.gateway.refund(refund), Done)
    parts = bench.stand_in.books.order(course.reference).refunds
    assert len(parts) == 2
    parts[1].status = "FAILED"
    assert bench.gateway.lookup(refund) is None
    assert bench.gateway.refund(refund) == Unknown("not_refunded")
    assert kinds(bench.gateway.facts(about(course.reference)))[-1][0] == "captured"
    parts[0].status = "CANCELLED"
    assert isinstance(bench.gateway.lookup(refund), VendorRefused)


def test_two_refunds_that_meet_at_one_capture() -> None:
    """The second finds less than it has read, and is parted anew."""
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.capture(course.capture_call(1000, "first")))
    course.take(bench.gateway.capture(course.capture_call(1000, "second")))
    other = PayPalGateway(bench.account)
    gateway = bench.gateway
    assert isinstance(gateway, PayPalGateway)
    stale = gateway._orders.get(course.reference)
    course.take(other.refund(course.refund_call(800, "other")))
    course.take(gateway._refunded(course.refund_call(900), stale))
    assert course.ledger.total("refunded") == 1700


def test_an_order_expires_as_its_authorisation_does() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    (entry,) = bench.stand_in.books.order(course.reference).authorizations
    entry.status = "VOIDED"
    assert kinds(bench.gateway.facts(about(course.reference)))[-1][0] == "voided"
    bench.now.at += timedelta(days=30)
    facts = bench.gateway.facts(about(course.reference))
    assert kinds(facts)[-1][0] == "authorisation_expired"


def about(order_id: str, kind: str = "CHECKOUT.ORDER.COMPLETED") -> WebhookMessage:
    event = {
        "id": "WH-1",
        "event_type": kind,
        "create_time": "2026-03-01T12:00:00Z",
        "resource": {"id": order_id},
    }
    return WebhookMessage("WH-1", kind, json.dumps(event).encode())


def test_messages_about_others_have_no_facts() -> None:
    bench = PayPalBench()
    assert bench.gateway.facts(about("x", "BILLING.PLAN.CREATED")) == ()
    order = bench.stand_in.books.create("CAPTURE", Money(100, "GBP"), "", None)
    order.custom_id = "another-shop"
    foreign = bench.gateway.facts(about(order.id))
    assert all(fact.payment_id == "another-shop" for fact in foreign)


DISPUTE = {
    "dispute_id": "PP-D-1",
    "status": "OPEN",
    "reason": "MERCHANDISE_OR_SERVICE_NOT_RECEIVED",
    "dispute_amount": {"currency_code": "GBP", "value": "20.25"},
    "dispute_life_cycle_stage": "CHARGEBACK",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["charged_back"]),
        ({"dispute_life_cycle_stage": "INQUIRY"}, []),
        (
            {"dispute_outcome": {"outcome_code": "RESOLVED_SELLER_FAVOUR"}},
            ["charged_back", "charge_back_reversed"],
        ),
        ({"dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"}}, ["charged_back"]),
    ],
)
def test_disputes(changes: Mapping[str, object], expected: list[str]) -> None:
    class WithDispute(StandInHttp):
        def send(
            self,
            method: str,
            url: str,
            *,
            headers: Mapping[str, str] | None = None,
            body: bytes = b"",
        ) -> VendorResponse:
            if "disputes" not in url:
                return super().send(method, url, headers=headers, body=body)
            (order,) = self.stand_in.books.orders.values()
            disputed = [{"seller_transaction_id": order.captures[0].id}]
            dispute = {**DISPUTE, **changes, "disputed_transactions": disputed}
            return VendorResponse(200, {}, json.dumps(dispute).encode())

    bench = PayPalBench(http=WithDispute)
    course = PaymentCourse(bench).authorised().captured()
    event = {
        "id": "WH-9",
        "event_type": "CUSTOMER.DISPUTE.CREATED",
        "create_time": "2026-03-01T12:00:00Z",
        "resource": {"dispute_id": "PP-D-1"},
    }
    message = WebhookMessage("WH-9", "CUSTOMER.DISPUTE.CREATED", json.dumps(event).encode())
    facts = bench.gateway.facts(message)
    course.ledger.report(facts)
    assert [kind for kind, _ in kinds(facts)] == expected


def test_a_parcel_is_reported_with_its_capture() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    gateway = bench.gateway
    assert isinstance(gateway, PayPalGateway)
    call = ShipmentCall(call_id("parcel"), course.reference, "Royal Mail", "RM1")
    assert gateway.report_shipment(call) == Unknown("nothing_captured")
    course.captured()
    assert isinstance(gateway.report_shipment(call), Done)
    assert bench.stand_in.books.order(course.reference).parcels == [("ROYAL_MAIL", "RM1")]


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"id":"ORD"}', b"[]", b'{"id":1}'])
def test_half_an_answer_is_unknown(body: bytes) -> None:
    class Half(StandInHttp):
        def send(self, method: str, url: str, **how: object) -> VendorResponse:
            if "oauth2" in url:
                return super().send(method, url)
            return VendorResponse(200, {}, body)

    bench = PayPalBench(http=Half)
    course = PaymentCourse(bench)
    course.reference = "ORD00000000000001"
    for outcome in (
        bench.gateway.authorise(course.authorise_call()),
        bench.gateway.capture(course.capture_call(2025)),
        bench.gateway.refund(course.refund_call(500)),
    ):
        assert not isinstance(outcome, Done), outcome
        if body != b'{"id":"ORD"}':
            assert isinstance(outcome, Unknown), outcome


def test_a_sweep_finds_what_was_listed_after_the_last() -> None:
    """An event that PayPal has dated before the end of the last sweep, and listed after it."""
    bench = PayPalBench()
    cursor = bench.gateway.sweep(None).cursor
    bench.now.at -= timedelta(minutes=10)
    PaymentCourse(bench).authorised()
    bench.now.at += timedelta(minutes=15)
    assert bench.gateway.sweep(cursor).messages


def test_a_pause_that_paypal_wants_has_an_end() -> None:
    class Limited(StandInHttp):
        def send(self, method: str, url: str, **how: object) -> VendorResponse:
            if "oauth2" in url:
                return super().send(method, url)
            return VendorResponse(429, {"retry-after": "86400000"}, b"")

    bench = PayPalBench(http=Limited)
    course = PaymentCourse(bench)
    outcome = bench.gateway.authorise(course.authorise_call())
    assert outcome == Unknown("rate_limited", 3600.0)


def test_a_token_that_is_refused_is_fetched_anew() -> None:
    bench = PayPalBench()
    course = PaymentCourse(bench).authorised()
    gateway = bench.gateway
    assert isinstance(gateway, PayPalGateway)
    gateway._http._token = ("of another day", NOW + timedelta(days=1))
    course.captured()
    assert paths(bench).count("/v1/oauth2/token") == 2


def test_the_token_of_a_vault_is_not_sent_again_when_it_is_too_late() -> None:
    """PayPal has forgotten the request id by then, and might take the money again."""
    bench = PayPalBench()
    course = PaymentCourse(bench)
    call = replace(course.authorise_call(), method_token="vault-1")
    bench.now.at += timedelta(hours=7)
    late = replace(call, requested_at=NOW)
    assert bench.gateway.authorise(late) == Unknown("too_late_to_repeat")
    assert bench.stand_in.books.orders == {}
    assert isinstance(bench.gateway.authorise(replace(call, requested_at=bench.now())), Done)


@pytest.mark.parametrize(
    ("money", "value"),
    [(Money(2025, "GBP"), "20.25"), (Money(500, "JPY"), "500"), (Money(5000, "HUF"), "50")],
)
def test_amounts_as_paypal_writes_them(money: Money, value: str) -> None:
    assert translate.paypal_amount(money)["value"] == value


def test_an_amount_that_paypal_does_not_take() -> None:
    bench = PayPalBench()
    refused = bench.gateway.authorise(
        replace(PaymentCourse(bench).authorise_call(), amount=Money(50, "HUF"))
    )
    assert isinstance(refused, VendorRefused)
    assert refused.code == "amount_not_possible"
