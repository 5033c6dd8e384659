"""Refunding a payment, whole or in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Id,
    OccurredAt,
    Reason,
    positive_minor_units,
)
from oms_commands.payments._fields import RefundedLine
from oms_commands.payments._payment_command import PaymentCommand
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order, line_quantities, quantities
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.events import CreditGranted
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.answers import RefundAnswer
from oms_ledger.domain.payments.events import RefundRequested
from oms_ledger.domain.payments.rules import (
    credit_for_lines,
    existing_payment,
    payment_changes,
    refund,
    refuse_if_pending,
)
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RefundPayment(PaymentCommand):
    """Refund what was paid too much, an amount, or the price of lines and shipping.

    Without `amount`, `lines` and `shipping` the order's credit is refunded, as far as this payment
    goes. `lines` are units that have shipped; each part returns its tax and discount to the last
    cent. An `amount` above the credit is a favour. Never more is refunded than was captured.
    """

    name: ClassVar[str] = "RefundPayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments/{payment_id}/refund")
    answer_type: ClassVar[type] = RefundAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"amount": "2.55", "reason": "damaged"}

    order_id: Id
    payment_id: Id
    reason: Reason
    amount: Amount | None = None
    lines: Annotated[tuple[RefundedLine, ...], Field(min_length=1, max_length=2000)] | None = None
    shipping: Amount | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _one_way_of_naming_the_amount(self) -> RefundPayment:
        if self.amount is not None and (self.lines is not None or self.shipping):
            raise ValueError("amount: give an amount, or lines and shipping, not both")
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        payment, requested = existing_payment(given, self.order_id, self.payment_id)
        refuse_if_pending(payment, "refunded")
        granted = self._credit(order, ctx.command_id)
        if granted is not None:
            amount = granted.amount
        else:
            amount = self._amount(order, payment, requested.amount.currency)
            favour = amount - order.balance.credit
            if favour > 0:
                granted = CreditGranted(
                    self.order_id,
                    self.reason,
                    requested.amount.currency,
                    adjustment=favour,
                    reference=ctx.command_id,
                )
        intent = RefundRequested(
            self.payment_id,
            ctx.command_id,
            Money(amount, requested.amount.currency),
            self.reason,
            granted.lines if granted else (),
            granted.shipping if granted else 0,
        )
        changes = payment_changes(payment, refund(payment, intent))
        credit = [Change(granted)] if granted else []
        return dated([*credit, *changes], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {"refund_id": ctx.command_id, **PaymentCommand.answer(self, ctx, given)}

    def _credit(self, order: Order, refund_id: str) -> CreditGranted | None:
        """What is granted for lines and shipping; None where the refund names neither."""
        if self.lines is None and not self.shipping:
            return None
        units = units_by_line(line_quantities(self.lines or (), order))
        currency = order.terms.currency
        shipping = positive_minor_units(self.shipping, currency, "shipping") if self.shipping else 0
        return credit_for_lines(order, quantities(units.items()), shipping, self.reason, refund_id)

    def _amount(self, order: Order, payment: Payment, currency: str) -> int:
        if self.amount is not None:
            return positive_minor_units(self.amount, currency)
        amount = min(order.balance.credit, payment.refundable)
        if amount <= 0:
            raise Refused(
                "Nothing was paid too much that this payment could refund. Name an amount or"
                " lines.",
                code="nothing_to_refund",
            )
        return amount
