"""What commands about cases have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from oms_ledger.domain.cases.answers import CaseAnswer
from oms_ledger.domain.cases.rules import cases_ref
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.cases.views import case_view
from oms_ledger.domain.guards import shipment_refs
from oms_ledger.domain.orders.state import Order
from oms_ledger.kernel import Command, Context, Given, Json, Ref


class CaseCommand(Command):
    """Reads one case and its order; answers with the case."""

    __slots__ = ()
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = CaseAnswer
    within_channels: ClassVar[bool] = True
    case_id: str

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        opened = given.state(ShipmentCase, self.case_id).opened
        refs: list[Ref] = [(ShipmentCase, self.case_id)]
        return refs if opened is None else [*refs, (Order, opened.order_id)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return case_view(given.state(ShipmentCase, self.case_id))


def opening_refs(shipment_id: str, given: Given) -> list[Ref]:
    """What opening a case of a shipment reads."""
    return [*shipment_refs(shipment_id, given), cases_ref(shipment_id)]
