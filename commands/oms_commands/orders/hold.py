"""Holding an order: nothing of it ships until every hold is released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Id, Note, OccurredAt
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.orders.answers import HeldOrderAnswer
from oms_ledger.domain.orders.events import OrderHeld
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.orders.views import order_view
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route

_DONE = ENDED | {"fulfilled", "completed"}


@dataclass(frozen=True, slots=True, config=STRICT)
class HoldOrder(Command):
    """Hold an order. Several holds may be on it at once, each with its own id."""

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
    reason: Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE), COMPOSED]
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        status = existing_order(given, self.order_id).statuses.order
        if status in _DONE:
            raise illegal_transition(
                "The order", status, "held", "There is nothing left to hold back."
            )
        event = OrderHeld(self.order_id, ctx.command_id, self.reason, self.note)
        return dated([Change(event)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        view = order_view(given.state(Order, self.order_id))
        return {"hold_id": ctx.command_id, **view}
