"""The receipt of forgetting: one for each time, nothing personal in it, and none under a hold."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_commands.customers.forget import ForgetCustomer
from oms_ledger.domain.customers.events import (
    CustomerForgotten,
    CustomerHeld,
    CustomerHoldReleased,
    PeriodOver,
)
from oms_ledger.domain.customers.retention import RetentionSet
from oms_ledger.domain.personal import ResolvedSubject
from oms_ledger.testing import given

ONCE = CustomerForgotten("c1", "inactive")
HELD = CustomerHeld("c1", "h1", "litigation", "case 12")
PERIOD = PeriodOver("customers", None, "6y", datetime(2020, 1, 1, tzinfo=UTC), 1)
COMMAND = ForgetCustomer("c1", "asked for")


def test_a_receipt_is_written() -> None:
    decision = given().when(ForgetCustomer, customer_id="c1", reason="asked for", note="ticket 7")
    decision.then(CustomerForgotten("c1", "asked for", "ticket 7"))
    assert decision.answer == {"customer_id": "c1", "reason": "asked for", "forgotten": 1}


def test_it_names_the_keys_that_are_to_be_destroyed() -> None:
    subject = ResolvedSubject("c1", ("k1",), ("k1", "k2"), ("c1", "key:k2"))
    decision = given().when(COMMAND.with_subject(subject))
    decision.then(CustomerForgotten("c1", "asked for", None, ("k1", "k2")))


def test_a_guest_goes_by_the_key_and_not_by_the_address() -> None:
    subject = ResolvedSubject("key:k1", ("k1",), ("k1",), ("key:k1",))
    decision = given().when(ForgetCustomer("ada@example.com", "asked for").with_subject(subject))
    decision.then(CustomerForgotten("key:k1", "asked for", None, ("k1",)))
    assert decision.answer["customer_id"] == "key:k1"


def test_a_returning_customer_can_be_forgotten_again() -> None:
    decision = given(ONCE).when(ForgetCustomer, customer_id="c1", reason="asked for")
    assert decision.answer == {"customer_id": "c1", "reason": "asked for", "forgotten": 2}


@pytest.mark.parametrize("reason", ["", "x" * 101, "two\nlines"])
def test_a_reason_is_needed_and_short(reason: str) -> None:
    given().when(ForgetCustomer, customer_id="c1", reason=reason).then_invalid("reason")


@pytest.mark.parametrize("hidden", ["subject", "period"])
def test_fields_that_the_ledger_fills_in_cannot_be_sent(hidden: str) -> None:
    fields = {"customer_id": "c1", "reason": "x", hidden: None}
    assert given().when(ForgetCustomer, **fields).wrong


def test_a_legal_hold_is_in_the_way_until_it_is_released() -> None:
    fault = {"customer_id": "c1", "hold_id": "h1", "reason": "litigation", "reference": "case 12"}
    refused = given(HELD).when(COMMAND).then_refused("on_legal_hold", fault)
    assert "must be released" in refused.detail
    assert "/holds/" in refused.detail
    freed = CustomerHoldReleased("c1", "h1", "case closed")
    given(HELD, freed).when(COMMAND).then(CustomerForgotten("c1", "asked for"))


def test_a_hold_on_any_person_affected_prevents_it() -> None:
    guest = CustomerHeld("key:k2", "h2", "audit")
    subject = ResolvedSubject("c1", ("k1",), ("k1", "k2"), ("c1", "key:k2"))
    refused = given(guest).when(COMMAND.with_subject(subject)).then_refused("on_legal_hold")
    assert "key:k2 (audit)" in refused.detail
    given(guest).when(COMMAND.with_subject(ResolvedSubject("c1", ("k1",), ("k1",), ("c1",)))).then(
        CustomerForgotten("c1", "asked for", None, ("k1",))
    )


def test_an_unknown_address_forgets_no_customer() -> None:
    given().when(COMMAND.with_subject(ResolvedSubject("key:k9"))).then_refused("not_found")


def test_the_event_names_the_period_that_is_over_and_guests_keep_their_own() -> None:
    subject = ResolvedSubject("c1", ("k1",), ("k1", "k2"), ("c1", "key:k2"))
    policy = RetentionSet("customers", None, "6y")
    decision = given(policy).when(COMMAND.because(PERIOD).with_subject(subject))
    decision.then(CustomerForgotten("c1", "asked for", None, ("k1",), PERIOD))


def test_a_period_that_was_changed_meanwhile_forgets_no_customer() -> None:
    policy = RetentionSet("customers", None, "6y"), RetentionSet("customers", None, "10y")
    refused = given(*policy).when(COMMAND.because(PERIOD)).then_refused("not_due")
    assert "/v1/retention/due" in refused.detail
