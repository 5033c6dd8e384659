"""Closing a discrepancy between a payment and its provider's reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.payments._payment_command import PaymentCommand
from oms_ledger.domain.errors import NotFound
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.events import PaymentDiscrepancyResolved
from oms_ledger.domain.payments.rules import existing_payment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ResolvePaymentDiscrepancy(PaymentCommand):
    """Close a discrepancy of a payment, once it was set right at the provider or recorded here.

    No total changes by it: record money that came in with payments:record, refund what must go
    back.
    """

    name: ClassVar[str] = "ResolvePaymentDiscrepancy"
    route: ClassVar[Route] = Route(
        "POST",
        "/v1/orders/{order_id}/payments/{payment_id}/discrepancies/{discrepancy_id}/resolve",
    )
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"note": "Refunded in the provider's dashboard."}

    order_id: Id
    payment_id: Id
    discrepancy_id: Id
    note: Note
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        payment, _ = existing_payment(given, self.order_id, self.payment_id)
        if self.discrepancy_id not in payment.discrepancies:
            raise NotFound(
                f"Payment {self.payment_id} has no open discrepancy {self.discrepancy_id}. GET the"
                " payment to see those it has."
            )
        resolved = PaymentDiscrepancyResolved(self.payment_id, self.discrepancy_id, self.note)
        return dated([Change(resolved)], self.occurred_at, ctx)
