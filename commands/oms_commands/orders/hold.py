"""Holding an order, or lines of it: what is held does not ship until the hold is released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt, Reason
from oms_ledger.domain.errors import NotFound, illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import HeldOrderAnswer
from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.domain.orders.holds import HOLDABLE
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class HoldOrder(Command):
    """Hold an order, or lines of it. Several holds may be on it at once, each with its own id.

    No shipment leaves that has any unit of what is held. Without `lines` that is the whole order.
    """

    name: ClassVar[str] = "HoldOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/hold")
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = HeldOrderAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "reason": "fraud",
        "note": "Card and country do not match.",
    }

    order_id: Id
    reason: Reason
    note: Note | None = None
    lines: Annotated[tuple[Id, ...], Field(min_length=1, max_length=2000)] | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        status, lines = order.statuses.order, tuple(dict.fromkeys(self.lines or ()))
        if status not in HOLDABLE:
            raise illegal_transition(
                "The order", status, "held", "There is nothing left to hold back."
            )
        unknown = [line_id for line_id in lines if line_id not in order.lines]
        if unknown:
            raise NotFound(
                f"Order {self.order_id} has no lines {', '.join(unknown)}. GET the order to see"
                " those it has."
            )
        event = OrderHeld(self.order_id, ctx.command_id, self.reason, self.note, lines)
        return dated([Change(event)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        view = order_view(given.state(Order, self.order_id))
        return {"hold_id": ctx.command_id, **view}
