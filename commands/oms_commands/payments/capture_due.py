"""Capturing what an order's channel captures by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.payments._payment_command import payment_refs
from oms_ledger.domain.channels.state import settings_of
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.payments.captures import captures_due
from oms_ledger.domain.payments.rules import capture, payment_changes
from oms_ledger.domain.payments.state import Payment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CaptureDuePayments(Command):
    """Capture what is due of an order by now, by the `capture_on` of its channel.

    The ledger does so by itself; this does it at once. Of several payments the one that was
    requested first is captured first. What was captured already is not captured again.
    """

    name: ClassVar[str] = "CaptureDuePayments"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/capture")
    scope: ClassVar[str] = "payments:write"
    answer_type: ClassVar[type] = OrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"if_any": True}

    order_id: Id
    occurred_at: OccurredAt = None
    if_any: Annotated[bool, Field(description="Change nothing where nothing is due.")] = False

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        payments = given.state(Order, self.order_id).settlement.payments
        return payment_refs(self.order_id, payments, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        payments = [(each, given.state(Payment, each)) for each in order.settlement.payments]
        changes: list[Change] = []
        settings = settings_of(order.terms.channel, given)
        for payment_id, amount, final in captures_due(order, settings, payments):
            payment = given.state(Payment, payment_id)
            events = capture(payment, payment.first_event, ctx.command_id, amount, final=final)
            changes += payment_changes(payment, events)
        if not changes and not self.if_any:
            raise Refused(
                "Nothing that is authorised is to be captured by now, by the capture_on of the"
                " order's channel. Capture a payment itself with POST .../payments/{payment_id}"
                "/capture.",
                code="nothing_to_capture",
            )
        return dated(changes, self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
