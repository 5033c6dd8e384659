"""Capturing what a payment has authorised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Amount, Id, OccurredAt
from oms_commands.payments._payment_command import PaymentCommand, minor
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.rules import capture, existing_payment, payment_changes
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CapturePayment(PaymentCommand):
    """Capture all that a payment has authorised, or `amount` of it.

    Several captures may follow each other, up to what was authorised. With `final` the rest is
    released.
    """

    name: ClassVar[str] = "CapturePayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments/{payment_id}/capture")
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"amount": "10.00"}

    order_id: Id
    payment_id: Id
    amount: Amount | None = None
    final: bool = False
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        payment, requested = existing_payment(given, self.order_id, self.payment_id)
        amount = None if self.amount is None else minor(self.amount, requested.amount.currency)
        events = capture(payment, requested, ctx.command_id, amount, final=self.final)
        return dated(payment_changes(payment, events), self.occurred_at, ctx)
