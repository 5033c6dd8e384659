"""Store credit: issued, spent by payments, given by refunds."""

from __future__ import annotations

from typing import Any

import pytest

from oms_commands.payments.capture import CapturePayment
from oms_commands.payments.record import RecordPayment
from oms_commands.payments.refund import RefundPayment
from oms_commands.payments.report import ReportPayment
from oms_commands.payments.request import RequestPayment
from oms_commands.payments.void import VoidPayment
from oms_commands.returns.refund import RefundReturn
from oms_commands.store_credit.issue import IssueStoreCredit
from oms_ledger.audit.verify.integrity import LogChecker
from oms_ledger.domain.orders.events import OrderPlaced
from oms_ledger.domain.payments.events import PaymentRefunded, PaymentVoided
from oms_ledger.domain.returns.events import ReturnApproved
from oms_ledger.domain.store_credit.events import (
    STORE_CREDIT_EVENTS,
    StoreCreditEvent,
    StoreCreditIssued,
    StoreCreditReturned,
    StoreCreditSpent,
)
from oms_ledger.engine.log import codec
from oms_ledger.kernel import Event
from oms_ledger.testing import CONTEXT, Decision, given, replace
from oms_ledger.testing.history import recorded
from tests.commands.payments.past import TOTAL, gbp
from tests.commands.returns.past import PAID_AND_DELIVERED, came, requested, returned
from tests.commands.returns.test_lives import stored
from tests.commands.shop import UNDER_WAY, delivered, six

ID = CONTEXT.command_id
FILLED = StoreCreditIssued("c1", gbp(3000), "goodwill")
PAY: dict[str, Any] = {"order_id": "o1", "provider": "store_credit", "amount": "20.25"}
PAYMENT: dict[str, Any] = {"order_id": "o1", "payment_id": ID}


def moved(decision: Decision) -> list[StoreCreditEvent]:
    return [event for event in decision.events if isinstance(event, STORE_CREDIT_EVENTS)]


def paid(capture: str = "automatic") -> tuple[Event, ...]:
    """An order paid by store credit of 30.00."""
    past = (*six(), FILLED)
    return (*past, *given(*past).when(RequestPayment, **PAY, capture=capture).events)


def test_credit_is_issued_in_the_currency_of_the_account() -> None:
    body = {"account": "c1", "amount": "25.00", "reason": "goodwill"}
    decision = given().when(IssueStoreCredit, **body, currency="GBP")
    decision.then(StoreCreditIssued("c1", gbp(2500), "goodwill"))
    assert (decision.answer["balance"], decision.answer["currency"]) == ("25.00", "GBP")
    again = given(FILLED)
    assert again.when(IssueStoreCredit, **body, currency="GBP").answer["balance"] == "55.00"
    again.when(IssueStoreCredit, **body, currency="EUR").then_refused("currency_mismatch")


@pytest.mark.parametrize("amount", ["0.00", "0.001"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    body = {"account": "c1", "amount": amount, "currency": "GBP", "reason": "goodwill"}
    given().when(IssueStoreCredit, **body).then_refused("invalid_fields")


@pytest.mark.parametrize(
    ("field", "value"), [("amount", "-1.00"), ("amount", 1.5), ("currency", "pounds")]
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    body = {"account": "c1", "amount": "1.00", "currency": "GBP", "reason": "x", field: value}
    given().when(IssueStoreCredit, **body).then_invalid(field)


def test_no_account_is_issued_more_than_fits() -> None:
    full = StoreCreditIssued("c1", gbp(10**15), "x")
    body = {"account": "c1", "amount": "0.01", "currency": "GBP", "reason": "x"}
    given(full).when(IssueStoreCredit, **body).then_refused("too_much_credit")


def test_a_payment_spends_the_customers_own_credit() -> None:
    decision = given(*six(), FILLED).when(RequestPayment, **PAY, capture="automatic")
    assert moved(decision) == [StoreCreditSpent("c1", gbp(TOTAL), "o1", ID)]
    assert decision.answer["status"] == "captured"


def test_another_account_can_be_named() -> None:
    gift = StoreCreditIssued("gift-7", gbp(500), "sold")
    body = {**PAY, "amount": "5.00", "account": "gift-7"}
    decision = given(*six(), gift).when(RequestPayment, **body)
    assert moved(decision) == [StoreCreditSpent("gift-7", gbp(500), "o1", ID)]
    assert decision.answer["status"] == "authorised"


def test_no_more_is_spent_than_there_is() -> None:
    low = StoreCreditIssued("c1", gbp(2024), "goodwill")
    given(*six(), low).when(RequestPayment, **PAY).then_refused(
        "insufficient_credit", {"requested": "20.25", "available": "20.24"}
    )
    given(*six()).when(RequestPayment, **PAY).then_refused("insufficient_credit")
    euros = replace(FILLED, amount=replace(FILLED.amount, currency="EUR"))
    given(*six(), euros).when(RequestPayment, **PAY).then_refused("currency_mismatch")


def test_an_account_belongs_to_store_credit_and_has_to_be_named_without_a_customer() -> None:
    manual = {**PAY, "provider": "manual", "account": "c1"}
    given(*six(), FILLED).when(RequestPayment, **manual).then_refused("invalid_fields")
    guest = tuple(
        replace(each, terms=replace(each.terms, customer=None))
        if isinstance(each, OrderPlaced)
        else each
        for each in six()
    )
    refused = given(*guest, FILLED).when(RequestPayment, **PAY).then_refused("invalid_fields")
    assert refused.errors[0]["field"] == "account"


def test_what_is_voided_or_left_of_a_final_capture_comes_back() -> None:
    voided = given(*paid("manual")).when(VoidPayment, **PAYMENT)
    assert PaymentVoided(ID, gbp(TOTAL)) in voided.events
    assert moved(voided) == [StoreCreditReturned("c1", gbp(TOTAL), "o1", ID)]
    final = given(*paid("manual")).when(CapturePayment, **PAYMENT, amount="20.00", final=True)
    assert moved(final) == [StoreCreditReturned("c1", gbp(25), "o1", ID)]
    assert moved(given(*paid("manual")).when(CapturePayment, **PAYMENT)) == []


def test_what_is_refunded_comes_back() -> None:
    refund = given(*paid()).when(RefundPayment, **PAYMENT, amount="2.55", reason="late")
    assert PaymentRefunded(ID, ID, gbp(255)) in refund.events
    assert moved(refund) == [StoreCreditReturned("c1", gbp(255), "o1", ID)]


def test_nothing_of_it_is_recorded_or_reported_from_outside() -> None:
    """Otherwise account and payment would differ."""
    record = {"order_id": "o1", "provider": "store_credit", "reference": "1", "amount": "1.00"}
    given(*six(), FILLED).when(RecordPayment, **record).then_refused("unknown_provider")
    report = {**PAYMENT, "kind": "charged_back", "provider_event_id": "e1"}
    given(*paid()).when(ReportPayment, **report).then_refused("unknown_provider")


TO_CREDIT = replace(requested(resolution="store_credit"), account="c1")


def test_a_return_is_refunded_to_the_account_and_not_to_the_payment() -> None:
    back = returned(TO_CREDIT, ReturnApproved("r1"), came(2))
    past = (*PAID_AND_DELIVERED, *back)
    decision = given(*past).when(RefundReturn, return_id="r1")
    assert moved(decision) == [StoreCreditIssued("c1", gbp(510), "return", ID, "o1")]
    assert PaymentRefunded("p1", ID, gbp(510)) in decision.events
    euros = replace(FILLED, amount=replace(FILLED.amount, currency="EUR"))
    given(euros, *past).when(RefundReturn, return_id="r1").then_refused("currency_mismatch")


def test_a_return_of_what_credit_has_paid_goes_to_one_account_alone() -> None:
    past = (*UNDER_WAY, *delivered(), FILLED)
    past = (*past, *given(*past).when(RequestPayment, **PAY, capture="automatic").events)
    gift = replace(TO_CREDIT, account="gift-7")
    past = (*past, *returned(gift, ReturnApproved("r1"), came(2)))
    decision = given(*past).when(RefundReturn, return_id="r1")
    assert moved(decision) == [StoreCreditIssued("gift-7", gbp(510), "return", ID, "o1")]


def test_verification_names_an_overspent_account() -> None:
    history = recorded([FILLED, StoreCreditSpent("c1", gbp(3001), "o1", "p1")])
    checker = LogChecker(codec.decode, len(history))
    checker.page(stored(history))
    findings = [(finding.kind, finding.first) for finding in checker.finish()]
    assert findings == [("store_credit_overspent", 2)]


def test_a_refusal_hides_the_account_of_another_customer() -> None:
    gift = StoreCreditIssued("gift-7", gbp(500), "sold")
    body = {**PAY, "amount": "5.01", "account": "gift-7"}
    low = given(*six(), gift).when(RequestPayment, **body).then_refused("insufficient_credit")
    none = given(*six()).when(RequestPayment, **body).then_refused("insufficient_credit")
    euros = StoreCreditIssued("gift-7", replace(gbp(900), currency="EUR"), "sold")
    other = given(*six(), euros).when(RequestPayment, **body).then_refused("insufficient_credit")
    assert low.detail == none.detail == other.detail
    assert (low.errors, none.errors, other.errors) == ((), (), ())
