"""Writing a note on a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt
from oms_commands.cases._case_command import CaseCommand
from oms_ledger.domain.cases.events import CaseNoted
from oms_ledger.domain.cases.rules import existing_shipment_case
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class NoteCase(CaseCommand):
    """Write a note on a case, open or closed.

    Notes are kept for ever: write nothing personal into one.
    """

    name: ClassVar[str] = "NoteCase"
    route: ClassVar[Route] = Route("POST", "/v1/cases/{case_id}/notes")
    example: ClassVar[Mapping[str, Json]] = {"text": "The carrier looks for it at Hatfield"}

    case_id: Id
    text: Annotated[Note, Field(min_length=1)]
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        existing_shipment_case(given, self.case_id)
        return dated([Change(CaseNoted(self.case_id, self.text))], self.occurred_at, ctx)
