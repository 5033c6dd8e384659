"""Closing a case with its resolution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt, Text
from oms_commands.cases._case_command import CaseCommand
from oms_ledger.domain.cases.events import CaseClosed, Resolution
from oms_ledger.domain.cases.rules import existing_shipment_case
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.errors import illegal_transition, invalid_field
from oms_ledger.domain.returns.rules import existing_return
from oms_ledger.domain.returns.state import Return
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CloseCase(CaseCommand):
    """Close a case: say how it was resolved.

    `return_id` is the return or claim of the order by which goods were sent again, money was given
    back or goods came back to the stock; `reference` the number of a claim at the carrier.
    """

    name: ClassVar[str] = "CloseCase"
    route: ClassVar[Route] = Route("POST", "/v1/cases/{case_id}/close")
    example: ClassVar[Mapping[str, Json]] = {
        "resolution": "carrier_claim",
        "reference": "CLM-2026-118",
        "note": "Found damaged at the depot",
    }

    case_id: Id
    resolution: Resolution
    note: Note | None = None
    reference: Text | None = None
    return_id: Id | None = None
    if_open: Annotated[bool, Field(description="Do nothing where the case is closed.")] = False
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        claim: list[Ref] = [] if self.return_id is None else [(Return, self.return_id)]
        return [*CaseCommand.reads(self, ctx, given), *claim]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        case = existing_shipment_case(given, self.case_id)
        closed = CaseClosed(
            self.case_id, self.resolution, self.note, self.reference, self.return_id
        )
        if case.closed is not None:
            if self.if_open or case.closed == closed:
                return ()
            raise illegal_transition("The case", "closed", "closed again", "Reopen it first.")
        self._check_return(case, given)
        return dated([Change(closed)], self.occurred_at, ctx)

    def _check_return(self, case: ShipmentCase, given: Given) -> None:
        if self.return_id is None:
            return
        _, requested = existing_return(given, self.return_id)
        if requested.order_id != case.first_event.order_id:
            raise invalid_field(
                "return_id",
                f"It is not of order {case.first_event.order_id}. GET /v1/returns?order= lists"
                " those of the order.",
            )
