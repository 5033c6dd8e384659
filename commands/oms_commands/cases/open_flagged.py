"""Opening the case of a shipment that a scan has flagged before scans opened cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.cases._case_command import opening_refs
from oms_ledger.domain.cases.answers import FlaggedCaseAnswer
from oms_ledger.domain.cases.rules import CASE_KIND_OF_SCAN, case_of_scan, has_cases, open_case_of
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.guards import existing_shipment
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class OpenFlaggedCase(Command):
    """Open the case of the exception that a shipment is flagged with.

    The ledger does so by itself for exceptions that were recorded before scans opened cases. It
    does nothing where the shipment is not flagged any more, or with an exception that opens no
    case, or has or had a case.
    """

    name: ClassVar[str] = "OpenFlaggedCase"
    route: ClassVar[Route] = Route("POST", "/v1/shipments/{shipment_id}/flagged-case")
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = FlaggedCaseAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {}

    shipment_id: Id

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return opening_refs(self.shipment_id, given)

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        shipment, created = existing_shipment(given, self.shipment_id)
        if shipment.exception is None or has_cases(given, self.shipment_id):
            return ()
        opened = case_of_scan(given, created, shipment.exception)
        return () if opened is None else [Change(opened, shipment.last_scan_at)]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        kind = CASE_KIND_OF_SCAN.get(given.state(Shipment, self.shipment_id).exception or "")
        case_id = None if kind is None else open_case_of(given, self.shipment_id, kind)
        return {"shipment_id": self.shipment_id, "case_id": case_id}
