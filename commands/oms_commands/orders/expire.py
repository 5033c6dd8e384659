"""Expiry of an order that was not paid by its `pay_by`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.orders._order_command import OrderCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.rules import put_back_if_begun, refs_if_begun
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.rules.cancellation import cancel_rest, cancellation_refs
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.status import ENDED
from oms_ledger.domain.payments.rules import is_unpaid
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ExpireOrder(OrderCommand):
    """Cancel an order that was not paid by its `pay_by`, and free its stock.

    When that time has come the ledger does so by itself. An order that is paid, or whose whole
    amount due is authorised, stays as it is; so does one of which anything is packed or shipped, or
    that is cancelled already.
    """

    name: ClassVar[str] = "ExpireOrder"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/expire")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    order_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        order = given.state(Order, self.order_id)
        work = refs_if_begun(self.order_id, given)
        return [(Order, self.order_id), *cancellation_refs(order, given), *work]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        status, pay_by = order.statuses.order, order.terms.pay_by
        if pay_by is None:
            raise illegal_transition(
                "The order", status, "expired", "It has no pay_by. Cancel it instead."
            )
        if ctx.now < pay_by:
            raise illegal_transition(
                "The order",
                status,
                "expired",
                f"Its pay_by is {rfc3339(pay_by)}. Wait until then, or cancel it.",
            )
        if status in ENDED or not is_unpaid(order) or _is_packed_or_shipped(order):
            return ()
        expired = cancel_rest(self.order_id, order, "expired", None, given)
        return put_back_if_begun(expired, order, given)


def _is_packed_or_shipped(order: Order) -> bool:
    """Whether any unit is."""
    return any(line.packed or line.shipped for line in order.lines.values())
