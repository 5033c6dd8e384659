"""Approving a return, and placing the order that replaces its goods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.returns._return_command import ReturnCommand, return_refs
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.approvals import approve
from oms_ledger.domain.returns.replacements import replacement_refs
from oms_ledger.domain.returns.rules import existing_return
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.stock.rules import skus_taken
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ApproveReturn(ReturnCommand):
    """Approve a return: the buyer may send the goods.

    Of an exchange or replacement the new order is placed with it, for the same customer and
    address; where its stock is short, nothing is approved.
    """

    name: ClassVar[str] = "ApproveReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/approve")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"note": "Within 30 days."}

    return_id: Id
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs = return_refs(self.return_id, given)
        requested = given.state(Return, self.return_id).requested
        if requested is None or requested.order_id is None:
            return refs
        order = given.state(Order, requested.order_id)
        lines = requested.replacement
        skus = [*(line.sku for line in lines), *skus_taken(lines)]
        return [*refs, *replacement_refs(order, skus, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, requested = existing_return(given, self.return_id)
        order_id = requested.order_id
        order = given.state(Order, order_id) if order_id is not None else None
        return approve(return_, requested, order, self.note, ctx, given, self.occurred_at)
