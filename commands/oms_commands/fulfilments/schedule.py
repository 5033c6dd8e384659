"""Scheduling the work of one location with an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Time
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.fulfilments.events import FulfilmentScheduled
from oms_ledger.domain.fulfilments.rules import existing_target, opening_events, require_work
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ScheduleFulfilment(FulfilmentCommand):
    """Schedule a fulfilment order: it is not picked or packed before `not_before`.

    It is released by itself when that time has come. Scheduled again, it has the new time.
    """

    name: ClassVar[str] = "ScheduleFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/schedule")
    example: ClassVar[Mapping[str, Json]] = {"not_before": "2100-12-01T08:00:00Z"}

    fulfilment_id: Id
    not_before: Time
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "scheduled")
        if self.not_before <= ctx.now:
            raise invalid_field("not_before", "It has passed. Write a time that is still to come.")
        if target.work.state.not_before == self.not_before:
            return ()
        scheduled = FulfilmentScheduled(self.fulfilment_id, self.not_before)
        return dated([*opening_events(target), Change(scheduled)], self.occurred_at, ctx)
