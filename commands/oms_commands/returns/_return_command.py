"""What commands about one return have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.returns.answers import ReturnAnswer
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.returns.views import return_view
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class ReturnCommand(Command):
    """Reads one return and its order; answers with the return."""

    __slots__ = ()
    scope: ClassVar[str] = "returns:write"
    answer_type: ClassVar[type] = ReturnAnswer
    return_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return return_refs(self.return_id, given)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return return_view(given.state(Return, self.return_id))


def return_refs(return_id: str, given: Given) -> list[Ref]:
    requested = given.state(Return, return_id).requested
    refs: list[Ref] = [(Return, return_id)]
    if requested is not None and requested.order_id is not None:
        refs.append((Order, requested.order_id))
    return refs
