"""A location takes on the work with an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.fulfilments.events import FulfilmentAccepted
from oms_ledger.domain.fulfilments.rules import existing_target, opening_events, require_work
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class AcceptFulfilment(FulfilmentCommand):
    """Accept a fulfilment order: its location does the work. Ends a rejection."""

    name: ClassVar[str] = "AcceptFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/accept")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "accepted")
        if target.work.state.accepted:
            return ()
        changes = [*opening_events(target), Change(FulfilmentAccepted(self.fulfilment_id))]
        return dated(changes, self.occurred_at, ctx)
