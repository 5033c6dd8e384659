"""Refunding what was paid too much of an order, over all its payments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.payments._payment_command import payment_refs
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.money import Money
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.payments.events import RefundRequested
from oms_ledger.domain.payments.rules import payment_changes, refund, refund_parts
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RefundCredit(Command):
    """Refund what was paid too much of an order.

    Of several payments the newest is refunded first, and store credit last.
    """

    name: ClassVar[str] = "RefundCredit"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/refund")
    scope: ClassVar[str] = "payments:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "The order was cancelled."}

    order_id: Id
    reason: Reason
    occurred_at: OccurredAt = None
    if_any: Annotated[
        bool, Field(description="Change nothing where nothing was paid too much.")
    ] = False

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        payments = given.state(Order, self.order_id).settlement.payments
        return payment_refs(self.order_id, payments, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        parts, _ = refund_parts(order.settlement, given, order.balance.credit)
        changes: list[Change] = []
        for payment_id, amount in parts:
            payment = given.state(Payment, payment_id)
            money = Money(amount, order.terms.currency)
            part = RefundRequested(payment_id, ctx.command_id, money, self.reason)
            changes += payment_changes(payment, refund(payment, part))
        if not changes and not self.if_any:
            raise Refused(
                "Nothing of this order was paid too much. GET the order to see its money.",
                code="nothing_to_refund",
            )
        return dated(changes, self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
