"""The smallest gateway that passes the checks of `payment_gateways`: money that a person takes."""

from __future__ import annotations

from oms_ledger.domain.payments.reports import ProviderReport, ReportKind
from oms_ledger.integrations.ports import (
    AnyPaymentCall,
    AuthoriseCall,
    BadSignature,
    CaptureCall,
    Done,
    PaymentFact,
    PaymentFacts,
    RefundCall,
    Sweep,
    VoidCall,
    WebhookMessage,
    WebhookRequest,
)


class ManualGateway:
    """Nothing is called: what is requested was done by a person, in cash or by bank transfer. A
    call that is made again is the same fact. The ledger itself settles payments with provider
    `manual` in the transaction that requests them, without a gateway."""

    def check(self) -> Done[None]:
        return Done("", None)

    def authorise(self, call: AuthoriseCall) -> Done[PaymentFacts]:
        return _done(call, "captured" if call.automatic else "authorised")

    def capture(self, call: CaptureCall) -> Done[PaymentFacts]:
        return _done(call, "captured", request_id=call.call_id)

    def void(self, call: VoidCall) -> Done[PaymentFacts]:
        return _done(call, "voided")

    def refund(self, call: RefundCall) -> Done[PaymentFacts]:
        return _done(call, "refunded", request_id=call.call_id)

    def lookup(self, call: AnyPaymentCall) -> None:
        """Nothing is kept anywhere: the call may be made again."""

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        raise BadSignature

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        return ()

    def sweep(self, cursor: str | None) -> Sweep:
        return Sweep((), cursor or "")


def _done(
    call: AnyPaymentCall, kind: ReportKind, request_id: str | None = None
) -> Done[PaymentFacts]:
    report = ProviderReport(
        kind, f"{kind}:{call.call_id}", call.amount.minor, call.call_id, request_id
    )
    return Done(call.call_id, (PaymentFact(call.payment_id, call.amount.currency, report),))
