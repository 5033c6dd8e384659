"""Refunding a return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Amount, Id, OccurredAt, minor_units, positive_minor_units
from oms_commands.returns._return_command import ReturnCommand, return_refs
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.payments.views import money_view
from oms_ledger.domain.returns.answers import ReturnRefundAnswer
from oms_ledger.domain.returns.refunds import RefundTerms, refund_refs, refund_return
from oms_ledger.domain.returns.rules import existing_return, require_stage
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.returns.views import return_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class RefundReturn(ReturnCommand):
    """Refund what is still owed for what came back, or was claimed.

    Without `amount` it is the price of these units with their tax and discount to the last cent,
    plus `shipping`, less `restocking_fee`; with it, a part of that price. It goes back over the
    order's payments, the newest first; with resolution `store_credit`, to the account. Of an
    exchange it pays the replacement first. What was not paid lowers what is due; never more goes
    back than was captured.
    """

    name: ClassVar[str] = "RefundReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/refund")
    within_channels: ClassVar[bool] = True
    answer_type: ClassVar[type] = ReturnRefundAnswer
    example: ClassVar[Mapping[str, Json]] = {"restocking_fee": "0.50"}

    return_id: Id
    amount: Amount | None = None
    restocking_fee: Amount | None = None
    shipping: Amount | None = None
    occurred_at: OccurredAt = None

    @model_validator(mode="after")
    def _one_way_of_naming_the_amount(self) -> RefundReturn:
        if self.amount is not None and (self.restocking_fee or self.shipping):
            raise ValueError("amount: give an amount, or a fee and shipping, not both")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = return_refs(self.return_id, given)
        return_ = given.state(Return, self.return_id)
        if return_.requested is None or return_.requested.order_id is None:
            return refs
        order = given.state(Order, return_.requested.order_id)
        return [*refs, *refund_refs(return_, order, ctx.command_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, requested = existing_return(given, self.return_id)
        if requested.order_id is None:
            raise Refused(
                "The return is of no order, so that there is no payment to refund. Pay it back"
                " elsewhere, then close the return.",
                code="nothing_to_refund",
            )
        require_stage(return_, "refunded", "approved")
        order = given.state(Order, requested.order_id)
        terms = self._terms(str(requested.currency))
        changes = refund_return(return_, requested, order, terms, ctx.command_id, given)
        return dated(changes, self.occurred_at, ctx)

    def _terms(self, currency: str) -> RefundTerms:
        fee = minor_units(self.restocking_fee, currency, "restocking_fee")
        shipping = minor_units(self.shipping, currency, "shipping")
        if self.amount is None:
            return RefundTerms(None, fee, shipping)
        return RefundTerms(positive_minor_units(self.amount, currency))

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return_ = given.state(Return, self.return_id)
        requested = return_.first_event
        order, currency = given.state(Order, str(requested.order_id)), str(requested.currency)
        return {
            **return_view(return_),
            "refund_id": ctx.command_id,
            "money": money_view(order.balance, currency),
        }
