"""Giving up a count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Text
from oms_commands.counts._count_command import CountCommand
from oms_ledger.domain.counts.events import CountCancelled
from oms_ledger.domain.counts.state import open_count
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CancelCount(CountCommand):
    """Cancel a count. Nothing of it is booked."""

    name: ClassVar[str] = "CancelCount"
    route: ClassVar[Route] = Route("POST", "/v1/counts/{count_id}/cancel")
    example: ClassVar[Mapping[str, Json]] = {"reason": "Counted the wrong aisle"}

    count_id: Id
    reason: Text | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        open_count(given, self.count_id, "cancelled")
        event = CountCancelled(self.count_id, self.reason)
        return dated([Change(event)], self.occurred_at, ctx)
