"""Reports of providers: twice, late and in any order."""

from __future__ import annotations

from itertools import permutations

import pytest

from oms_commands.payments.report import ReportPayment
from oms_commands.payments.void import VoidPayment
from oms_ledger.domain.orders.events import PaymentProgressed
from oms_ledger.domain.payments.events import (
    CaptureRequested,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDiscrepancyRecorded,
    PaymentVoided,
    ProviderReportReceived,
    RefundRequested,
    VoidFailed,
    VoidRequested,
)
from oms_ledger.kernel import Event
from oms_ledger.testing import given
from tests.commands.payments.past import PENDING, TOTAL, captured, gbp, paid_by, requested
from tests.commands.shop import six

BODY = {"order_id": "o1", "payment_id": "p1"}
EXTERNAL = requested(provider="external")
AUTHORISED = PaymentAuthorised("p1", gbp(TOTAL))


def report(past: tuple[Event, ...], kind: str, event: str, **fields: object) -> tuple[Event, ...]:
    decision = given(*past).when(
        ReportPayment, **BODY, kind=kind, provider_event_id=event, **fields
    )
    return (*past, *(change.event for change in decision.changes))


def last(past: tuple[Event, ...]) -> PaymentProgressed:
    return next(event for event in reversed(past) if isinstance(event, PaymentProgressed))


def discrepancies(past: tuple[Event, ...]) -> list[PaymentDiscrepancyRecorded]:
    return [event for event in past if isinstance(event, PaymentDiscrepancyRecorded)]


def test_authorised_then_captured() -> None:
    decision = given(*PENDING).when(
        ReportPayment, **BODY, kind="authorised", provider_event_id="e1", reference="pi_1"
    )
    decision.then(
        ProviderReportReceived("p1", "e1", "authorised"),
        PaymentAuthorised("p1", gbp(TOTAL), "pi_1"),
        PaymentProgressed("o1", "p1", "external", "authorised", "GBP", 0, TOTAL, 0, 0, 0, 0),
    )
    past = report(report(PENDING, "authorised", "e1"), "captured", "e2")
    assert last(past).captured == TOTAL


def test_the_same_report_again_changes_nothing() -> None:
    past = report(PENDING, "authorised", "e1")
    assert report(past, "authorised", "e1") == past


REPORTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("requires_action", "e0", {"url": "https://bank.example/3ds"}),
    ("authorised", "e1", {}),
    ("captured", "e2", {"amount": "20.25"}),
    ("refunded", "e3", {"amount": "5.00"}),
)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_in_any_order_the_money_is_the_same(order: tuple[int, ...]) -> None:
    past: tuple[Event, ...] = PENDING
    for index in order:
        kind, event, fields = REPORTS[index]
        past = report(past, kind, event, **fields)
    kind, event, fields = REPORTS[3]
    past = report(past, kind, event, **fields)
    now = last(past)
    assert (now.open, now.captured, now.refunded) == (0, TOTAL, 500)
    assert discrepancies(past) == []


def test_a_report_answers_the_request_it_names() -> None:
    past = (
        *six(),
        *paid_by(
            "p1",
            EXTERNAL,
            AUTHORISED,
            CaptureRequested("p1", "c1", gbp(1000)),
            CaptureRequested("p1", "c2", gbp(500), True),
        ),
    )
    after = report(past, "captured", "e1", capture_id="c2")
    assert after[-3:-1] == (PaymentCaptured("p1", "c2", gbp(500)), PaymentVoided("p1", gbp(525)))
    done = report(after, "captured", "e2", capture_id="c1")
    assert (last(done).captured, last(done).open) == (1500, 0)


def test_a_failed_capture_can_be_tried_again() -> None:
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, CaptureRequested("p1", "c1", gbp(TOTAL))))
    after = report(past, "capture_failed", "e1", code="expired")
    assert last(after).open == TOTAL
    assert report(after, "capture_failed", "e2") != after  # received, and nothing follows of it
    assert last(report(after, "captured", "e3")).captured == TOTAL


def test_a_refused_void_can_be_tried_again_and_is_left_to_a_person() -> None:
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, VoidRequested("p1")))
    after = report(past, "void_failed", "e1", code="captured", text="It was captured")
    assert VoidFailed("p1", "captured", "It was captured") in after
    (recorded,) = discrepancies(after)
    assert (recorded.kind, recorded.amount) == ("void_failed", gbp(TOTAL))
    assert last(after).open == TOTAL
    again = given(*after).when(VoidPayment, **BODY)
    assert VoidRequested("p1") in [change.event for change in again.changes]
    assert len(discrepancies(report(after, "void_failed", "e2"))) == 1, "no void is on its way"


def test_captured_after_it_was_voided_is_a_discrepancy() -> None:
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, PaymentVoided("p1", gbp(TOTAL))))
    after = report(past, "captured", "e9", amount="20.25", reference="ch_1")
    (recorded,) = discrepancies(after)
    assert (recorded.kind, recorded.amount, recorded.reference) == ("captured", gbp(TOTAL), "ch_1")
    assert last(after).captured == 0
    assert not discrepancies(report(past, "authorised", "e8"))  # it is late, and true
    assert not discrepancies(report(past, "voided", "e7"))


def test_a_release_that_followed_from_a_final_capture_is_not_news() -> None:
    final = CaptureRequested("p1", "c1", gbp(1000), True)
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, final))
    after = report(past, "captured", "e1", capture_id="c1", amount="10.00")
    assert not discrepancies(report(after, "voided", "e2", amount="10.25"))
    whole = report(past, "captured", "e1", capture_id="c1", amount="20.25")
    assert discrepancies(report(whole, "voided", "e2"))


@pytest.mark.parametrize("kind", ["voided", "authorisation_expired"])
def test_the_rest_is_released_before_the_outcome_of_a_final_capture(kind: str) -> None:
    final = CaptureRequested("p1", "c1", gbp(1000), True)
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, final))
    released = report(past, kind, "e1")
    assert last(released).open == 1000
    done = report(released, "captured", "e2", capture_id="c1", amount="10.00")
    assert not discrepancies(done)
    assert (last(done).captured, last(done).open) == (1000, 0)
    failed = report(released, "capture_failed", "e2", capture_id="c1", code="declined")
    assert (last(failed).captured, last(failed).open, last(failed).status) == (0, 0, "voided")


def test_what_is_captured_beside_a_final_capture_and_fails_is_released() -> None:
    both = CaptureRequested("p1", "c1", gbp(1000), True), CaptureRequested("p1", "c2", gbp(1025))
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, *both))
    done = report(past, "captured", "e1", capture_id="c1", amount="10.00")
    assert last(done).open == 1025
    failed = report(done, "capture_failed", "e2", capture_id="c2", code="voided")
    assert (last(failed).captured, last(failed).open) == (1000, 0)


@pytest.mark.parametrize("kind", ["voided", "authorisation_expired"])
def test_all_is_released_while_all_is_being_captured(kind: str) -> None:
    """Of two captures the one that is not final may lose."""
    both = CaptureRequested("p1", "c1", gbp(1000), True), CaptureRequested("p1", "c2", gbp(1025))
    past = (*six(), *paid_by("p1", EXTERNAL, AUTHORISED, *both))
    released = report(past, kind, "e1")
    assert not discrepancies(released)
    done = report(released, "captured", "e2", capture_id="c1", amount="10.00")
    assert (last(done).captured, last(done).open) == (1000, 1025)
    failed = report(done, "capture_failed", "e3", capture_id="c2", code="voided")
    assert (last(failed).captured, last(failed).open) == (1000, 0)
    assert not discrepancies(failed)


def test_authorised_after_it_was_voided_unauthorised_is_a_discrepancy() -> None:
    voided = report(PENDING, "voided", "e1")
    assert last(voided).status == "voided"
    assert discrepancies(report(voided, "authorised", "e2"))


def test_a_refund_begun_at_the_provider_is_taken_over() -> None:
    past = (*six(), *captured(provider="external"))
    after = report(past, "refunded", "e1", amount="3.00")
    assert any(isinstance(event, RefundRequested) for event in after)
    assert last(after).refunded == 300
    assert discrepancies(report(after, "refunded", "e2", amount="17.26"))


def test_a_requested_refund_with_another_amount_is_a_discrepancy() -> None:
    past = (
        *six(),
        *captured(provider="external"),
        RefundRequested("p1", "r1", gbp(500), "damaged"),
    )
    after = report(past, "refunded", "e1", refund_id="r1", amount="6.00")
    assert discrepancies(after)
    assert last(report(past, "refund_failed", "e2", refund_id="r1")).refunding == 0


def test_charge_backs_and_their_reversal() -> None:
    past = (*six(), *captured(provider="external"))
    after = report(past, "charged_back", "e1", amount="20.25")
    assert (last(after).charged_back, last(after).status) == (TOTAL, "charged_back")
    won = report(after, "charge_back_reversed", "e2")
    assert (last(won).charged_back, last(won).status) == (0, "captured")
    assert discrepancies(report(won, "charge_back_reversed", "e3", amount="1.00"))
    assert discrepancies(report(past, "charged_back", "e4", amount="20.26"))


def test_failures_and_expiry() -> None:
    assert last(report(PENDING, "failed", "e1", code="declined")).status == "failed"
    past = report(PENDING, "authorised", "e1", expires_at="2026-02-01T00:00:00Z")
    assert last(report(past, "authorisation_expired", "e2")).open == 0
    assert discrepancies(report(past, "failed", "e3"))


def test_an_action_needs_its_address() -> None:
    decision = given(*PENDING).when(
        ReportPayment, **BODY, kind="requires_action", provider_event_id="e1"
    )
    assert decision.then_refused("invalid_fields").errors[0]["field"] == "url"
