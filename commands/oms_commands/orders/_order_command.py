"""What commands about one order alone have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.orders.answers import OrderAnswer
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.orders.views import order_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class OrderCommand(Command):
    """Reads the order and answers with it."""

    __slots__ = ()
    scope: ClassVar[str] = "orders:write"
    answer_type: ClassVar[type] = OrderAnswer
    order_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Order, self.order_id)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return order_view(given.state(Order, self.order_id))
