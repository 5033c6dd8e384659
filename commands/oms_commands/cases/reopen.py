"""Reopening a closed case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.cases._case_command import CaseCommand
from oms_ledger.domain.cases.events import CaseReopened
from oms_ledger.domain.cases.rules import (
    cases_ref,
    existing_shipment_case,
    refuse_second_open_case,
)
from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReopenCase(CaseCommand):
    """Reopen a case that was closed too early.

    Refused where the shipment has another open case of its kind.
    """

    name: ClassVar[str] = "ReopenCase"
    route: ClassVar[Route] = Route("POST", "/v1/cases/{case_id}/reopen")
    example: ClassVar[Mapping[str, Json]] = {"note": "The carrier refuses to pay"}

    case_id: Id
    note: Note | None = None
    occurred_at: OccurredAt = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        opened = given.state(ShipmentCase, self.case_id).opened
        others: list[Ref] = [] if opened is None else [cases_ref(opened.shipment_id)]
        return [*CaseCommand.reads(self, ctx, given), *others]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        case = existing_shipment_case(given, self.case_id)
        if case.closed is None:
            return ()
        opened = case.first_event
        refuse_second_open_case(given, opened.shipment_id, opened.kind)
        return dated([Change(CaseReopened(self.case_id, self.note))], self.occurred_at, ctx)
