"""Releasing what a payment has authorised and nobody captured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.payments._payment_command import PaymentCommand
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.rules import (
    existing_payment,
    needs_authorisations,
    payment_changes,
    void,
)
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class VoidPayment(PaymentCommand):
    """Release what a payment has authorised and nobody has captured."""

    name: ClassVar[str] = "VoidPayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments/{payment_id}/void")
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "The order was cancelled."}

    order_id: Id
    payment_id: Id
    reason: Note | None = None
    occurred_at: OccurredAt = None
    if_unneeded: Annotated[
        bool,
        Field(
            description="Change nothing where the order still needs the authorisation, or nothing"
            " of it is left to void."
        ),
    ] = False

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        payment, requested = existing_payment(given, self.order_id, self.payment_id)
        if self.if_unneeded:
            gone = payment.totals.open <= 0 or payment.voiding
            if gone or needs_authorisations(given.state(Order, self.order_id)):
                return ()
        events = void(payment, requested, self.reason)
        return dated(payment_changes(payment, events), self.occurred_at, ctx)
