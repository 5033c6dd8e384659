"""Events of a payment's stream."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, get_args

from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.lines import LineQuantity
from oms_ledger.domain.text_kinds import Harmless, HarmlessTime, OrderId, PaymentId
from oms_ledger.kernel import Event


class PaymentStreamEvent(Event, frozen=True):
    """An event of a payment's stream."""

    category: ClassVar[str] = "payment"
    payment_id: PaymentId

    @property
    def key(self) -> str:
        return self.payment_id


class PaymentRequested(PaymentStreamEvent, frozen=True):
    """A payment of an order through `provider`. `capture` is `automatic` (as soon as it is
    authorised) or `manual`. `connection` is the account at the provider, `method_token` the
    provider's token of a stored means of payment, never a card number. `return_url` is where the
    buyer goes after they have acted. `channel` is that of the order. `account` is the
    key of the store credit's account which pays."""

    type: ClassVar[str] = "payment.requested.v1"
    payment_id: PaymentId
    order_id: OrderId
    provider: Harmless
    amount: Money
    capture: Harmless
    connection: Harmless | None = None
    method_token: str | None = None
    return_url: str | None = None
    sensitive: bool = False
    channel: Harmless | None = None
    account: str | None = None


class PaymentActionRequired(PaymentStreamEvent, frozen=True):
    """The buyer must do something at `url` before the payment can be authorised."""

    type: ClassVar[str] = "payment.action_required.v1"
    payment_id: PaymentId
    url: str
    reference: str | None = None


class PaymentAuthorised(PaymentStreamEvent, frozen=True):
    """`amount` is reserved for capture until `expires_at`; None where it does not expire."""

    type: ClassVar[str] = "payment.authorised.v1"
    payment_id: PaymentId
    amount: Money
    reference: str | None = None
    expires_at: HarmlessTime | None = None


class PaymentFailed(PaymentStreamEvent, frozen=True):
    """The payment was declined, or came to nothing; `code` and `text` are the provider's."""

    type: ClassVar[str] = "payment.failed.v1"
    payment_id: PaymentId
    code: Harmless
    text: str | None = None


class CaptureRequested(PaymentStreamEvent, frozen=True):
    """With `final` the rest of the authorisation is released once this was captured."""

    type: ClassVar[str] = "payment.capture_requested.v1"
    payment_id: PaymentId
    capture_id: str
    amount: Money
    final: bool = False


class PaymentCaptured(PaymentStreamEvent, frozen=True):
    type: ClassVar[str] = "payment.captured.v1"
    payment_id: PaymentId
    capture_id: str
    amount: Money
    reference: str | None = None


class CaptureFailed(PaymentStreamEvent, frozen=True):
    type: ClassVar[str] = "payment.capture_failed.v1"
    payment_id: PaymentId
    capture_id: str
    code: Harmless
    text: str | None = None


class VoidRequested(PaymentStreamEvent, frozen=True):
    type: ClassVar[str] = "payment.void_requested.v1"
    payment_id: PaymentId
    reason: str | None = None


class PaymentVoided(PaymentStreamEvent, frozen=True):
    """What was authorised and not captured is released."""

    type: ClassVar[str] = "payment.voided.v1"
    payment_id: PaymentId
    amount: Money
    reference: str | None = None


class VoidFailed(PaymentStreamEvent, frozen=True):
    """The provider refused a void. What is authorised stays so, and may be voided again."""

    type: ClassVar[str] = "payment.void_failed.v1"
    payment_id: PaymentId
    code: Harmless
    text: str | None = None


class AuthorisationExpired(PaymentStreamEvent, frozen=True):
    """The provider no longer reserves `amount`."""

    type: ClassVar[str] = "payment.authorisation_expired.v1"
    payment_id: PaymentId
    amount: Money


class RefundRequested(PaymentStreamEvent, frozen=True):
    """The intent of a refund. `lines` and `shipping` (minor units) are what it is for, where it is
    for goods or their transport. `destination` is where the money goes if not back to where it
    came from: `store_credit:<key of an account>` or `exchange:<order id>`."""

    type: ClassVar[str] = "payment.refund_requested.v1"
    payment_id: PaymentId
    refund_id: Harmless
    amount: Money
    reason: str
    lines: tuple[LineQuantity, ...] = ()
    shipping: int = 0
    destination: str | None = None


class PaymentRefunded(PaymentStreamEvent, frozen=True):
    type: ClassVar[str] = "payment.refunded.v1"
    payment_id: PaymentId
    refund_id: Harmless
    amount: Money
    reference: str | None = None


class RefundFailed(PaymentStreamEvent, frozen=True):
    """The provider refused a refund. What was granted to the buyer is still owed."""

    type: ClassVar[str] = "payment.refund_failed.v1"
    payment_id: PaymentId
    refund_id: Harmless
    code: Harmless
    text: str | None = None


class PaymentChargedBack(PaymentStreamEvent, frozen=True):
    """The buyer's bank has taken `amount` back."""

    type: ClassVar[str] = "payment.charged_back.v1"
    payment_id: PaymentId
    amount: Money
    reference: str | None = None
    reason: str | None = None


class ChargeBackReversed(PaymentStreamEvent, frozen=True):
    """The dispute was won: `amount` is the merchant's again."""

    type: ClassVar[str] = "payment.charge_back_reversed.v1"
    payment_id: PaymentId
    amount: Money
    reference: str | None = None


class PaymentDiscrepancyRecorded(PaymentStreamEvent, frozen=True):
    """The provider reports what cannot be, by what the ledger has: `kind` of report, its `amount`
    and `reference`. No total changes until a person has resolved it."""

    type: ClassVar[str] = "payment.discrepancy_recorded.v1"
    payment_id: PaymentId
    discrepancy_id: str
    kind: Harmless
    amount: Money
    explanation: str
    reference: str | None = None


class PaymentDiscrepancyResolved(PaymentStreamEvent, frozen=True):
    type: ClassVar[str] = "payment.discrepancy_resolved.v1"
    payment_id: PaymentId
    discrepancy_id: str
    note: str


class ProviderReportReceived(PaymentStreamEvent, frozen=True):
    """A report of the provider, named by its `provider_event_id`, so that the same one again
    changes nothing. The events beside it say what it reported."""

    type: ClassVar[str] = "payment.provider_report_received.v1"
    payment_id: PaymentId
    provider_event_id: str
    kind: Harmless


PaymentEvent: TypeAlias = (
    PaymentRequested
    | PaymentActionRequired
    | PaymentAuthorised
    | PaymentFailed
    | CaptureRequested
    | PaymentCaptured
    | CaptureFailed
    | VoidRequested
    | PaymentVoided
    | VoidFailed
    | AuthorisationExpired
    | RefundRequested
    | PaymentRefunded
    | RefundFailed
    | PaymentChargedBack
    | ChargeBackReversed
    | PaymentDiscrepancyRecorded
    | PaymentDiscrepancyResolved
    | ProviderReportReceived
)
PAYMENT_EVENTS: tuple[type[PaymentEvent], ...] = get_args(PaymentEvent)
