"""Reporting what a provider did with a payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import (
    STRICT,
    Amount,
    Id,
    Note,
    OccurredAt,
    Text,
    Time,
    positive_minor_units,
)
from oms_commands.payments._fields import WebAddress
from oms_commands.payments._payment_command import PaymentCommand
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.payments.answers import OrderMoneyAnswer
from oms_ledger.domain.payments.reports import ProviderReport, ReportKind, report_changes
from oms_ledger.domain.payments.rules import existing_payment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReportPayment(PaymentCommand):
    """Report what the provider did with a payment.

    The same `provider_event_id` again changes nothing, and reports may come in any order. What
    cannot be, by what the ledger has, is kept as a discrepancy that a person resolves. `capture_id`
    or `refund_id` says which of the ledger's requests the report answers.
    """

    name: ClassVar[str] = "ReportPayment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/payments/{payment_id}/report")
    answer_type: ClassVar[type] = OrderMoneyAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "kind": "captured",
        "provider_event_id": "evt_1042",
        "amount": "20.25",
        "reference": "ch_77",
    }

    order_id: Id
    payment_id: Id
    kind: ReportKind
    provider_event_id: Annotated[Id, Field(max_length=200)]
    amount: Amount | None = None
    reference: Text | None = None
    capture_id: Id | None = None
    refund_id: Id | None = None
    code: Text | None = None
    text: Note | None = None
    url: WebAddress | None = None
    expires_at: Time | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        payment, requested = existing_payment(given, self.order_id, self.payment_id)
        if requested.account is not None:
            raise Refused(
                "Store credit is kept by the ledger itself, so that nobody can report of it. Void"
                " or refund the payment instead.",
                code="unknown_provider",
            )
        report = ProviderReport(
            kind=self.kind,
            provider_event_id=self.provider_event_id,
            amount=None
            if self.amount is None
            else positive_minor_units(self.amount, requested.amount.currency),
            reference=self.reference,
            request_id=self.capture_id or self.refund_id,
            code=self.code,
            text=self.text,
            url=self.url,
            expires_at=self.expires_at,
        )
        changes = report_changes(payment, report, given)
        return dated(changes, self.occurred_at, ctx)
