"""Recording money that was taken elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Code,
    Currency,
    Id,
    Text,
    Time,
    positive_minor_units,
)
from oms_commands.payments._fields import require_currency
from oms_commands.payments._payment_command import payment_answer
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.identifiers import recorded_payment_id
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.events import (
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    RefundRequested,
)
from oms_ledger.domain.payments.rules import payment_changes, recorded
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.payments.store_credit import STORE_CREDIT
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RecordPayment(Command):
    """Record money that was taken elsewhere: by a marketplace, a till, a bank.

    It has happened, so it is not compared with what is due: what is too much is shown as `credit`.
    The same `provider` and `reference` again is the same payment and changes nothing.
    """

    name: ClassVar[str] = "RecordPayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments:record", 201)
    scope: ClassVar[str] = "payments:write"
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "provider": "bank",
        "reference": "2026-01-05/17",
        "amount": "20.25",
        "captured_at": "2026-01-05T09:00:00Z",
    }

    order_id: Id
    provider: Code
    reference: Annotated[Text, Field(min_length=1, max_length=200)]
    amount: Amount
    currency: Currency | None = None
    captured_at: Time | None = None
    refunded: Amount | None = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id), (Payment, self._payment_id)]

    @property
    def _payment_id(self) -> str:
        return recorded_payment_id(self.order_id, self.provider, self.reference)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        currency = order.terms.currency
        require_currency(self.currency, currency)
        payment = given.state(Payment, self._payment_id)
        if payment.requested is not None:
            return ()
        if self.provider == STORE_CREDIT:
            raise Refused(
                "Store credit is kept by the ledger itself, so that nothing is recorded of it."
                " Request a payment with provider store_credit.",
                code="unknown_provider",
            )
        amount = Money(positive_minor_units(self.amount, currency), currency)
        requested = PaymentRequested(
            self._payment_id,
            self.order_id,
            self.provider,
            amount,
            "automatic",
            sensitive=order.sensitive,
            channel=order.terms.channel,
        )
        events = recorded(requested, self.reference)
        events += self._refunded_before(currency)
        return dated(payment_changes(payment, events), self.captured_at, ctx, "captured_at")

    def _refunded_before(self, currency: str) -> list[PaymentEvent]:
        if not self.refunded:
            return []
        refunded = positive_minor_units(min(self.refunded, self.amount), currency, "refunded")
        amount = Money(refunded, currency)
        return [
            RefundRequested(self._payment_id, self._payment_id, amount, "refunded elsewhere"),
            PaymentRefunded(self._payment_id, self._payment_id, amount, self.reference),
        ]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return payment_answer(self.order_id, self._payment_id, given)
