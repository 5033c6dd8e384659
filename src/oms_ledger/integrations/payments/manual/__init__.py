"""Money that a person takes: in cash, by bank transfer, at a terminal of its own."""

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
    PaymentGateway,
    RefundCall,
    Sweep,
    Vendor,
    VendorAccount,
    VoidCall,
    WebhookMessage,
    WebhookRequest,
)


class ManualGateway:
    """Nobody is called: what is requested has been done by a person, so that it is done. A call
    that is made again is the same fact. Payments with provider `manual` need no connection: they
    are settled in the transaction that requests them."""

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


def _open(_: VendorAccount) -> PaymentGateway:
    return ManualGateway()


VENDOR: Vendor[PaymentGateway] = Vendor(
    name="manual",
    title="Money that a person takes",
    base_url="",
    secrets={},
    options={},
    required=frozenset(),
    open=_open,
)
