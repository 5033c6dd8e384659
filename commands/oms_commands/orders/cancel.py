"""Cancelling an order, whole or in part: what is freed goes back where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.orders._fields import CancelledLine
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.rules import put_back_if_begun, refs_if_begun
from oms_ledger.domain.guards import existing_order, line_quantities
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.rules.cancellation import (
    cancel_lines,
    cancel_rest,
    cancellation_refs,
)
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelOrder(OrderCommand):
    """Cancel an order, or some units of it, and free exactly their stock.

    Without `lines` everything that has not shipped is cancelled, shipments that have not left
    included. What has shipped cannot be cancelled.
    """

    name: ClassVar[str] = "CancelOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/cancel")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "reason": "customer",
        "lines": [{"line_id": "1", "quantity": 2}],
    }

    order_id: Id
    reason: Literal["customer", "inventory", "fraud", "declined", "staff", "other"]
    note: Note | None = None
    lines: Annotated[tuple[CancelledLine, ...], Field(min_length=1, max_length=2000)] | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        work = refs_if_begun(self.order_id, given)
        return [(Order, self.order_id), *cancellation_refs(order, given), *work]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id, unplaced=True)
        if order.statuses.order == "received" and self.lines is not None:
            raise illegal_transition(
                "The order", "received", "cancelled in part", "Cancel it whole, or wait."
            )
        changes = put_back_if_begun(self._changes(order, given), order, given)
        return dated(changes, self.occurred_at, ctx)

    def _changes(self, order: Order, given: Given) -> Sequence[Change]:
        if self.lines is None:
            return cancel_rest(self.order_id, order, self.reason, self.note, given)
        wanted = units_by_line(line_quantities(self.lines, order))
        return cancel_lines(self.order_id, order, wanted, self.reason, self.note)
