"""Declining a return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.returns._fields import Reason
from oms_commands.returns._return_command import ReturnCommand
from oms_ledger.domain.returns.events import ReturnDeclined
from oms_ledger.domain.returns.rules import existing_return, require_stage, return_changes
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class DeclineReturn(ReturnCommand):
    """Decline a return that was requested, for a reason."""

    name: ClassVar[str] = "DeclineReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/decline")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "Worn."}

    return_id: Id
    reason: Reason
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, _ = existing_return(given, self.return_id)
        require_stage(return_, "declined", "requested")
        declined = ReturnDeclined(self.return_id, self.reason)
        return dated(return_changes(return_, [declined]), self.occurred_at, ctx)
