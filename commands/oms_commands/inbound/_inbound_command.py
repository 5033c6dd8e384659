"""What commands about one inbound delivery have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_commands.stock._stock_command import stock_refs
from oms_ledger.domain.inbound.answers import InboundAnswer
from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.inbound.views import inbound_view
from oms_ledger.domain.stock.movements import incoming_removed
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref


class InboundCommand(Command):
    """Reads one delivery and the stock that it is expected in; answers with the delivery."""

    __slots__ = ()
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = InboundAnswer
    inbound_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        inbound = given.state(Inbound, self.inbound_id)
        refs: list[Ref] = [(Inbound, self.inbound_id)]
        for sku in inbound.lines:
            refs += stock_refs(sku, inbound.location, given)
        return refs

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return inbound_view(self.inbound_id, given.state(Inbound, self.inbound_id))


def nothing_awaited(inbound_id: str, inbound: Inbound) -> list[Change]:
    """The events of the stock by which nothing more of a delivery is expected."""
    return [
        change
        for sku, units in inbound.awaited.items()
        for change in incoming_removed(sku, inbound.location, units, inbound_id)
    ]
