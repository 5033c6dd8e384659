"""Opening a case of a shipment by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.cases._case_command import opening_refs
from oms_ledger.domain.cases.answers import CaseAnswer
from oms_ledger.domain.cases.events import CaseKind
from oms_ledger.domain.cases.rules import case_opened, open_case_of, refuse_second_open_case
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.cases.views import case_view
from oms_ledger.domain.fulfilment.rules import require_under_way
from oms_ledger.domain.guards import existing_shipment
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class OpenCase(Command):
    """Open a case of a shipment: something went wrong with it that a person is to resolve.

    Scans of carriers open cases by themselves. The status of the shipment stays what it is. A
    shipment has at most one open case of a kind. `occurred_at` is when it became known.
    """

    name: ClassVar[str] = "OpenCase"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/cases", 201)
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = CaseAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "kind": "damaged",
        "note": "The buyer sent a photograph of a broken lamp",
    }

    shipment_id: Id
    kind: CaseKind
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return opening_refs(self.shipment_id, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        require_under_way(shipment, "the subject of a case")
        refuse_second_open_case(given, self.shipment_id, self.kind)
        opened = case_opened(given, created, self.kind, note=self.note)
        return dated([Change(opened)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        case_id = open_case_of(given, self.shipment_id, self.kind)
        if case_id is None:
            raise ValueError("the case was just opened")
        return case_view(given.state(ShipmentCase, case_id))
