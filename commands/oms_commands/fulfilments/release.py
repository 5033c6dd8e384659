"""Releasing the hold of a fulfilment order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.events import FulfilmentHoldReleased
from oms_ledger.domain.fulfilments.rules import existing_target
from oms_ledger.domain.fulfilments.work import work_status
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseFulfilment(FulfilmentCommand):
    """Release the hold of a fulfilment order. A hold of its order is released with that order."""

    name: ClassVar[str] = "ReleaseFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/release")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        if target.work.state.held is None:
            raise illegal_transition(
                "The fulfilment order",
                work_status(target.work, target.order),
                "released",
                "It has no hold of its own; those of the order are released with the order.",
            )
        released = FulfilmentHoldReleased(self.fulfilment_id)
        return dated([Change(released)], self.occurred_at, ctx)
