"""Every gateway keeps what is promised, and the checks notice one that does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from oms_ledger.integrations.payments.paypal.client import PayPalGateway
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    CaptureCall,
    Done,
    PaymentFacts,
    PaymentGateway,
    PaymentOutcome,
    Unknown,
    VendorAccount,
    VendorRefused,
    WebhookMessage,
    WebhookRequest,
)
from oms_ledger.testing import payment_gateways, replace
from oms_ledger.testing.payment_gateways import CHECKS, Bench, Check
from tests.integrations.payments.benches import ManualBench, PayPalBench
from tests.integrations.payments.stripe_double import StripeBench


def name_of(check: Check) -> str:
    return check.__name__


BENCHES: dict[str, Callable[[], Bench]] = {
    "manual": ManualBench,
    "paypal": PayPalBench,
    "paypal-forgetful": lambda: PayPalBench(forgetful=True),
    "stripe": StripeBench,
    "stripe-forgetful": lambda: StripeBench(forgetful=True),
    "stripe-multicapture": lambda: StripeBench(options={"multicapture": "yes"}),
}


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
@pytest.mark.parametrize("vendor", BENCHES)
def test_a_gateway_keeps_its_promise(vendor: str, check: Check) -> None:
    check(BENCHES[vendor]())


class LosesTrack(PayPalGateway):
    """Never finds what it has done, and makes up its own ids."""

    def lookup(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        return None

    def capture(self, call: CaptureCall) -> PaymentOutcome:
        return super().capture(replace(call, call_id=f"{call.call_id}{next(_NUMBERS)}"))


class TakesSilenceForNo(PayPalGateway):
    def capture(self, call: CaptureCall) -> PaymentOutcome:
        outcome = super().capture(call)
        return VendorRefused(outcome.code, "") if isinstance(outcome, Unknown) else outcome


class NamesMessages(PayPalGateway):
    """Facts by the id of the message, so that an answer and a message are two facts."""

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        return tuple(
            replace(fact, report=replace(fact.report, provider_event_id=f"{message.message_id}{n}"))
            for n, fact in enumerate(super().facts(message))
        )


class BelievesForgeries(PayPalGateway):
    def verify(self, request: WebhookRequest) -> WebhookMessage:
        return WebhookMessage("WH-1", "PAYMENT.CAPTURE.COMPLETED", request.body)


class CapturesAll(PayPalGateway):
    def capture(self, call: CaptureCall) -> PaymentOutcome:
        whole = replace(call, amount=replace(call.amount, minor=2025))
        return super().capture(whole)


class DoesNotRelease(PayPalGateway):
    def void(self, call: object) -> PaymentOutcome:
        return Done("", ())


_NUMBERS = count(1)


@pytest.mark.parametrize(
    ("sabotaged", "check"),
    [
        (LosesTrack, payment_gateways.check_lost_answers_are_looked_up),
        (TakesSilenceForNo, payment_gateways.check_lost_answers_are_looked_up),
        (LosesTrack, payment_gateways.check_a_call_again_changes_nothing),
        (NamesMessages, payment_gateways.check_messages_and_answers_agree),
        (BelievesForgeries, payment_gateways.check_forged_messages_are_refused),
        (CapturesAll, payment_gateways.check_part_of_an_authorisation),
        (DoesNotRelease, payment_gateways.check_what_is_released_cannot_be_captured),
    ],
)
def test_a_sabotaged_gateway_is_noticed(
    sabotaged: Callable[[VendorAccount], PaymentGateway], check: Check
) -> None:
    with pytest.raises(AssertionError):
        check(PayPalBench(sabotaged))
