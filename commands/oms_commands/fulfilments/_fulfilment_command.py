"""What commands about one fulfilment order have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.fulfilments.answers import FulfilmentAnswer
from oms_ledger.domain.fulfilments.rules import existing_target, work_refs
from oms_ledger.domain.fulfilments.views import fulfilment_view
from oms_ledger.domain.identifiers import fulfilment_name
from oms_ledger.domain.routing.reroute import reroute_refs
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class FulfilmentCommand(Command):
    """Reads a fulfilment order with its order, the others of that and its shipments; answers with
    the fulfilment order."""

    __slots__ = ()
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = FulfilmentAnswer
    within_channels: ClassVar[bool] = True
    fulfilment_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        name = fulfilment_name(self.fulfilment_id)
        return work_refs(name.order_id, given) if name else []

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        target = existing_target(given, self.fulfilment_id)
        return fulfilment_view(target.work, target.order, ctx.now)


def rerouting_refs(fulfilment_id: str, given: Given) -> list[Ref]:
    """What moving units of the fulfilment order elsewhere reads beside it."""
    name = fulfilment_name(fulfilment_id)
    return reroute_refs(name.order_id, given) if name else []
