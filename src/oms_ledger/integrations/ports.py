"""Ports: what the ledger needs of vendors of each kind.

A call ends in one of three ways: `Done`, `VendorRefused` or `Unknown`. After `Unknown`, and after a
process that died during a call, the call is looked up at the vendor before it is made again.
Adapters are called by one thread at a time for one connection, and keep nothing between calls but
access tokens and certificates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeAlias, TypeVar

from oms_ledger.domain.money import Money
from oms_ledger.domain.payments.reports import ProviderReport

F = TypeVar("F", covariant=True)


@dataclass(frozen=True, slots=True)
class Done(Generic[F]):
    """The vendor did it. `reference` is its name of what was made, `facts` what follows for the
    ledger."""

    reference: str
    facts: F


@dataclass(frozen=True, slots=True)
class VendorRefused:
    """The vendor refused it, and the same call will be refused again. `code` is the
    vendor's or the adapter's own, without personal data; `text` is for people."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that says nothing: it may have happened or not. `code` is a word for logs
    without personal data. Nothing is to be sent again within `retry_seconds`, where the vendor
    gave a time."""

    code: str
    retry_seconds: float | None = None


class NoAnswer(Exception):
    """No whole response came: a refused or broken connection, a time limit, a certificate that is
    not valid, a rate limit. `code` is a word for logs without personal data; `retry_seconds` is
    how long the connection is to be left alone, where that is known."""

    def __init__(self, code: str, retry_seconds: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_seconds = retry_seconds


class AmountNotPossible(Exception):
    """An amount that the vendor cannot take to the last digit."""


@dataclass(frozen=True, slots=True)
class VendorResponse:
    """A whole response of any status. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class VendorHttp(Protocol):
    """Outgoing requests of one connection, with its time limits, rate limits and guards."""

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> VendorResponse:
        """Send one request, once: nothing is sent again. `url` is absolute, or a path of the
        connection's base URL that begins with a slash. `NoAnswer` where no whole response comes;
        every status that comes is returned, 429 and 5xx too."""


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """What an adapter gets of a connection: `base_url` (without a slash at its end), `options` that
    are no secrets, and `secrets`, each by name."""

    connection: str
    vendor: str
    base_url: str
    http: VendorHttp
    now: Callable[[], datetime]
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a vendor posted to us, as it came. Names of `headers` are in lower case."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WebhookMessage:
    """A message whose sender is verified. `message_id` is the vendor's, the same however often and
    by whichever way it comes (webhook or sweep). `kind` is the vendor's word for it. `body` is what
    is stored and translated later."""

    message_id: str
    kind: str
    body: bytes = field(repr=False)


class BadSignature(Exception):
    """A message that does not come from the vendor, or is too old. Nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Messages of the vendor of a span of time, and where the next sweep begins. `cursor` is the
    adapter's own text."""

    messages: Sequence[WebhookMessage]
    cursor: str


class Webhooks(Protocol):
    """Messages that a vendor sends by itself. Every vendor that pushes is swept by polling too."""

    def verify(self, request: WebhookRequest) -> WebhookMessage:
        """Verify the sender on the raw bytes. `BadSignature` where that fails; `NoAnswer` where it
        cannot be decided now (a certificate that cannot be fetched)."""

    def sweep(self, cursor: str | None) -> Sweep:
        """The messages since `cursor`, the oldest first; None begins one hour ago. `NoAnswer`."""


class Adapter(Protocol):
    """What every vendor's adapter has."""

    def check(self) -> Done[None] | VendorRefused | Unknown:
        """Whether the vendor answers and takes the secrets; nothing is changed there."""


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """A report about a payment of the ledger. The `provider_event_id` of `report` names the fact
    and not the message, so that a fact learned from an answer, a webhook and a sweep is one.
    Amounts are minor units of `currency`."""

    payment_id: str
    currency: str
    report: ProviderReport
    occurred_at: datetime | None = None


PaymentFacts: TypeAlias = tuple[PaymentFact, ...]
PaymentOutcome: TypeAlias = Done[PaymentFacts] | VendorRefused | Unknown
"""`Done` without facts: the vendor accepted it and reports the outcome later."""


@dataclass(frozen=True, slots=True)
class PaymentCall:
    """What every call about a payment has. `call_id` names it: the payment, capture or refund id of
    the ledger; the vendor's idempotency keys and references are made from it. `amount` is what is
    to be authorised, captured, released or refunded. `reference` is the vendor's name of the
    payment; empty before it is known. `requested_at` is when the ledger requested it."""

    call_id: str
    order_id: str
    payment_id: str
    amount: Money
    reference: str
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class AuthoriseCall(PaymentCall):
    """`method_token` is the vendor's token of a means of payment. `automatic`: capture at once.
    `return_url` is where the buyer comes back to, `order_number` what people call the order."""

    automatic: bool = False
    method_token: str | None = None
    return_url: str | None = None
    order_number: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureCall(PaymentCall):
    """With `final` the rest of the authorisation is released."""

    final: bool = False


@dataclass(frozen=True, slots=True)
class VoidCall(PaymentCall):
    """Release what is authorised and not captured."""


@dataclass(frozen=True, slots=True)
class RefundCall(PaymentCall):
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentCall:
    """A parcel of an order, for the provider of its payment. `reference` is the provider's name of
    the payment."""

    call_id: str
    reference: str
    carrier: str
    tracking_number: str


AnyPaymentCall: TypeAlias = AuthoriseCall | CaptureCall | VoidCall | RefundCall


class PaymentGateway(Adapter, Webhooks, Protocol):
    """A payment provider. Nothing is authorised, captured, released or refunded twice for one
    `call_id`, however often a call is made."""

    def authorise(self, call: AuthoriseCall) -> PaymentOutcome: ...

    def capture(self, call: CaptureCall) -> PaymentOutcome: ...

    def void(self, call: VoidCall) -> PaymentOutcome: ...

    def refund(self, call: RefundCall) -> PaymentOutcome: ...

    def lookup(self, call: AnyPaymentCall) -> PaymentOutcome | None:
        """What came of a call whose answer is missing; None where the vendor has nothing of it, so
        that it may be made. It changes nothing."""

    def facts(self, message: WebhookMessage) -> PaymentFacts:
        """What a message says about payments of the ledger; what may be out of date by now is
        fetched, and what the buyer has approved is finished. Empty for messages about anything
        else. `NoAnswer` where that fails now."""


class ShipmentNotices(Protocol):
    """Of providers that want to know which parcel a payment was for."""

    def report_shipment(self, call: ShipmentCall) -> Done[None] | VendorRefused | Unknown: ...


P = TypeVar("P", covariant=True)


@dataclass(frozen=True, slots=True)
class Vendor(Generic[P]):
    """A line of the catalogue of vendors. `name` is the word in the API, `base_url` where its API
    is unless a connection names another. `secrets` and `options` are the names that a connection
    may have, with what each is; those in `required` it must have. `open` makes the adapter."""

    name: str
    title: str
    base_url: str
    secrets: Mapping[str, str]
    options: Mapping[str, str]
    required: frozenset[str]
    open: Callable[[VendorAccount], P]
