"""Reopening a return that was closed, declined or cancelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.returns._fields import Reason
from oms_commands.returns._return_command import ReturnCommand
from oms_ledger.domain.guards import existing_order
from oms_ledger.domain.returns.events import ReturnReopened
from oms_ledger.domain.returns.rules import (
    existing_return,
    require_returnable,
    require_stage,
    return_changes,
    units_taken_anew,
)
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReopenReturn(ReturnCommand):
    """Reopen a return. A closed one goes on where it was; a declined or cancelled one is requested
    again.

    Its units must not have come back otherwise, or be in another return by now.
    """

    name: ClassVar[str] = "ReopenReturn"
    route: ClassVar[Route] = Route("POST", "/v1/returns/{return_id}/reopen")
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {"reason": "A second parcel came."}

    return_id: Id
    reason: Reason | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        return_, requested = existing_return(given, self.return_id)
        require_stage(return_, "reopened", "closed", "declined", "cancelled")
        reopened = ReturnReopened(self.return_id, self.reason)
        if requested.order_id is not None:
            order = existing_order(given, requested.order_id)
            require_returnable(order, units_taken_anew(return_, reopened))
        return dated(return_changes(return_, [reopened]), self.occurred_at, ctx)
