"""What every payment gateway must keep, as checks that an adapter's own tests run.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_it_is_a_payment_gateway(check: Check) -> None:
        check(MyBench())

A `Bench` is the adapter beside the provider, or a stand-in for it, with a new set of books. A check
raises AssertionError where the adapter breaks its promise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, Protocol
from uuid import UUID, uuid5

from oms_ledger.domain.money import Money
from oms_ledger.integrations.ports import (
    AuthoriseCall,
    BadSignature,
    CaptureCall,
    Done,
    PaymentFact,
    PaymentFacts,
    PaymentGateway,
    PaymentOutcome,
    RefundCall,
    Unknown,
    VendorRefused,
    VoidCall,
    WebhookRequest,
)

PAYMENT = str(uuid5(UUID(int=16), "payment"))
ORDER = str(uuid5(UUID(int=16), "order"))


class ProviderTotals(NamedTuple):
    """What the provider has of one payment, in minor units."""

    captured: int = 0
    refunded: int = 0


class Bench(Protocol):
    """A gateway beside its provider. `remembers`: the provider keeps books of its own.
    `webhooks`: it sends messages."""

    gateway: PaymentGateway
    remembers: bool
    webhooks: bool
    good_token: str | None
    bad_token: str | None
    return_url: str | None

    def approve(self, reference: str) -> None:
        """What the buyer does before the payment is authorised, where they do anything."""

    def lose_answers(self, count: int) -> None:
        """The answers to the next calls that change something are lost; what they do is done."""

    def totals(self, payment_id: str) -> ProviderTotals: ...

    def requests(self) -> Iterator[WebhookRequest]:
        """The messages that the provider has sent so far."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FactLedger:
    """What the ledger would have of a payment: each fact once, by its id."""

    def __init__(self) -> None:
        self.facts: dict[str, PaymentFact] = {}

    def report(self, facts: PaymentFacts) -> None:
        for fact in facts:
            assert fact.payment_id == PAYMENT, f"a fact of another payment: {fact}"
            assert fact.report.amount is None or fact.report.amount > 0, fact
            self.facts.setdefault(fact.report.provider_event_id, fact)

    def total(self, kind: str) -> int:
        each = [fact.report for fact in self.facts.values() if fact.report.kind == kind]
        return sum(report.amount or 0 for report in each)

    def kinds(self) -> set[str]:
        return {fact.report.kind for fact in self.facts.values()}


class PaymentCourse:
    """A payment of 20.25 GBP at a bench, step by step."""

    def __init__(self, bench: Bench, *, automatic: bool = False, currency: str = "GBP") -> None:
        self.bench = bench
        self.ledger = FactLedger()
        self.reference = ""
        self.currency = currency
        self._automatic = automatic

    def authorise_call(self, token: str | None = None) -> AuthoriseCall:
        return AuthoriseCall(
            PAYMENT,
            ORDER,
            PAYMENT,
            Money(2025, self.currency),
            self.reference,
            self.bench.now(),
            automatic=self._automatic,
            method_token=token or self.bench.good_token,
            return_url=self.bench.return_url,
            order_number="1001",
        )

    def capture_call(self, minor: int, name: str = "capture", final: bool = False) -> CaptureCall:
        amount = Money(minor, self.currency)
        return CaptureCall(
            call_id(name), ORDER, PAYMENT, amount, self.reference, self.bench.now(), final
        )

    def refund_call(self, minor: int, name: str = "refund") -> RefundCall:
        amount = Money(minor, self.currency)
        return RefundCall(
            call_id(name), ORDER, PAYMENT, amount, self.reference, self.bench.now(), "damaged"
        )

    def void_call(self) -> VoidCall:
        amount = Money(2025, self.currency)
        return VoidCall(call_id("void"), ORDER, PAYMENT, amount, self.reference, self.bench.now())

    def take(self, outcome: PaymentOutcome | None) -> None:
        """An outcome that must be good."""
        assert isinstance(outcome, Done), f"not done: {outcome}"
        self.ledger.report(outcome.facts)

    def authorised(self) -> PaymentCourse:
        outcome = self.bench.gateway.authorise(self.authorise_call())
        self.take(outcome)
        assert isinstance(outcome, Done)
        self.reference = outcome.reference
        if "requires_action" in self.ledger.kinds():
            self.bench.approve(self.reference)
            self.take(self.bench.gateway.lookup(self.authorise_call()))
        return self

    def captured(self, minor: int = 2025, *, final: bool = False) -> PaymentCourse:
        self.take(self.bench.gateway.capture(self.capture_call(minor, final=final)))
        return self


def call_id(name: str) -> str:
    return str(uuid5(UUID(PAYMENT), name))


def check_connection(bench: Bench) -> None:
    assert bench.gateway.check() == Done(reference="", facts=None)


def check_authorise_capture_refund(bench: Bench) -> None:
    course = PaymentCourse(bench).authorised()
    assert course.ledger.total("authorised") == 2025
    course.captured()
    course.take(bench.gateway.refund(course.refund_call(500)))
    _agree(course, captured=2025, refunded=500)


def check_automatic_capture(bench: Bench) -> None:
    course = PaymentCourse(bench, automatic=True).authorised()
    _agree(course, captured=2025, refunded=0)


def check_part_of_an_authorisation(bench: Bench) -> None:
    course = PaymentCourse(bench).authorised().captured(1234, final=True)
    course.take(bench.gateway.refund(course.refund_call(34, "first")))
    course.take(bench.gateway.refund(course.refund_call(1200, "second")))
    _agree(course, captured=1234, refunded=1234)


def check_a_call_again_changes_nothing(bench: Bench) -> None:
    """As the ledger does it: a call that may have been made is looked up first."""
    course = PaymentCourse(bench).authorised()
    for _ in range(3):
        course.take(_again(bench.gateway, course.capture_call(2025)))
        course.take(_again(bench.gateway, course.refund_call(500)))
    _agree(course, captured=2025, refunded=500)


def check_lost_answers_are_looked_up(bench: Bench) -> None:
    if not bench.remembers:
        return
    course = PaymentCourse(bench).authorised()
    for call in (course.capture_call(2025), course.refund_call(500)):
        bench.lose_answers(1)
        lost = _made(bench.gateway, call)
        assert isinstance(lost, Unknown), f"a lost answer is {lost}"
        course.take(bench.gateway.lookup(call))
        course.take(_again(bench.gateway, call))
    _agree(course, captured=2025, refunded=500)


def check_a_lost_authorisation_is_one(bench: Bench) -> None:
    if not bench.remembers:
        return
    course = PaymentCourse(bench)
    bench.lose_answers(1)
    lost = bench.gateway.authorise(course.authorise_call())
    assert isinstance(lost, Unknown), f"a lost answer is {lost}"
    outcome = _again(bench.gateway, course.authorise_call())
    assert isinstance(outcome, Done)
    course.take(outcome)
    course.reference = outcome.reference
    if "requires_action" in course.ledger.kinds():
        bench.approve(course.reference)
        course.take(bench.gateway.lookup(course.authorise_call()))
    course.captured()
    _agree(course, captured=2025, refunded=0)


def check_what_was_not_done_is_missing(bench: Bench) -> None:
    course = PaymentCourse(bench)
    assert bench.gateway.lookup(course.authorise_call()) is None
    course.authorised()
    for call in (course.capture_call(2025), course.refund_call(500), course.void_call()):
        assert bench.gateway.lookup(call) is None
    _agree(course, captured=0, refunded=0)


def check_what_is_released_cannot_be_captured(bench: Bench) -> None:
    course = PaymentCourse(bench).authorised()
    course.take(bench.gateway.void(course.void_call()))
    assert "voided" in course.ledger.kinds()
    course.take(_again(bench.gateway, course.void_call()))
    if bench.remembers:
        refused = bench.gateway.capture(course.capture_call(2025))
        assert isinstance(refused, VendorRefused), f"a capture of nothing is {refused}"
    assert bench.totals(PAYMENT) == ProviderTotals()


def check_a_bad_token_is_refused(bench: Bench) -> None:
    if bench.bad_token is None:
        return
    course = PaymentCourse(bench)
    refused = bench.gateway.authorise(course.authorise_call(bench.bad_token))
    assert isinstance(refused, VendorRefused), f"a declined payment is {refused}"
    assert refused.code
    assert bench.totals(PAYMENT) == ProviderTotals()


def check_messages_and_answers_agree(bench: Bench) -> None:
    """Facts of messages have the ids of those of answers, whatever the order of the messages."""
    if not bench.webhooks:
        return
    course = PaymentCourse(bench).authorised().captured()
    course.take(bench.gateway.refund(course.refund_call(500)))
    messages = [bench.gateway.verify(request) for request in bench.requests()]
    assert messages, "the provider has sent nothing"
    for message in reversed(messages):
        course.ledger.report(bench.gateway.facts(message))
    _agree(course, captured=2025, refunded=500)


def check_forged_messages_are_refused(bench: Bench) -> None:
    if not bench.webhooks:
        return
    PaymentCourse(bench).authorised().captured()
    request = next(bench.requests())
    spoiled = request.body[:-1] + b" }"
    for forged in (
        WebhookRequest(request.headers, spoiled),
        WebhookRequest({}, request.body),
        WebhookRequest(request.headers, b""),
        WebhookRequest(dict.fromkeys(request.headers, ""), request.body),
    ):
        try:
            message = bench.gateway.verify(forged)
        except BadSignature:
            continue
        raise AssertionError(f"a forged message is taken for {message.kind}")


def check_sweeps_find_what_was_pushed(bench: Bench) -> None:
    """The same messages by the same ids, so that the inbox keeps each once."""
    if not bench.webhooks:
        return
    course = PaymentCourse(bench).authorised().captured()
    pushed = {bench.gateway.verify(request).message_id for request in bench.requests()}
    swept = bench.gateway.sweep(None)
    assert pushed <= {message.message_id for message in swept.messages}, "a message is missing"
    for message in swept.messages:
        course.ledger.report(bench.gateway.facts(message))
    _agree(course, captured=2025, refunded=0)
    assert isinstance(bench.gateway.sweep(swept.cursor).cursor, str)


Check = Callable[[Bench], None]
CHECKS: tuple[Check, ...] = (
    check_connection,
    check_authorise_capture_refund,
    check_automatic_capture,
    check_part_of_an_authorisation,
    check_a_call_again_changes_nothing,
    check_lost_answers_are_looked_up,
    check_a_lost_authorisation_is_one,
    check_what_was_not_done_is_missing,
    check_what_is_released_cannot_be_captured,
    check_a_bad_token_is_refused,
    check_messages_and_answers_agree,
    check_forged_messages_are_refused,
    check_sweeps_find_what_was_pushed,
)


def _made(gateway: PaymentGateway, call: CaptureCall | RefundCall) -> PaymentOutcome:
    return gateway.capture(call) if isinstance(call, CaptureCall) else gateway.refund(call)


def _again(
    gateway: PaymentGateway, call: AuthoriseCall | CaptureCall | VoidCall | RefundCall
) -> PaymentOutcome:
    """What the ledger does with a call whose outcome it does not know."""
    earlier = gateway.lookup(call)
    if earlier is not None:
        return earlier
    match call:
        case AuthoriseCall():
            return gateway.authorise(call)
        case VoidCall():
            return gateway.void(call)
        case _:
            return _made(gateway, call)


def _agree(course: PaymentCourse, *, captured: int, refunded: int) -> None:
    """The ledger and the provider have the same."""
    ledger = ProviderTotals(course.ledger.total("captured"), course.ledger.total("refunded"))
    expected = ProviderTotals(captured, refunded)
    assert ledger == expected, f"the ledger has {ledger}, not {expected}"
    totals = course.bench.totals(PAYMENT)
    assert not course.bench.remembers or totals == expected, f"the provider has {totals}"
