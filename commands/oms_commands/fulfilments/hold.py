"""Holding the work of one location with an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, Note, OccurredAt, Reason
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilments.events import FulfilmentHeld
from oms_ledger.domain.fulfilments.rules import existing_target, opening_events
from oms_ledger.domain.fulfilments.work import work_status
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class HoldFulfilment(FulfilmentCommand):
    """Hold a fulfilment order: none of its units is picked, packed or handed over until its hold is
    released. Other locations go on with the order."""

    name: ClassVar[str] = "HoldFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/hold")
    example: ClassVar[Mapping[str, Json]] = {"reason": "damaged packaging"}

    fulfilment_id: Id
    reason: Reason
    note: Note | None = None
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        if target.work.state.held is not None:
            raise illegal_transition(
                "The fulfilment order", "on hold", "held", "Release its hold first."
            )
        if not target.work.is_open:
            raise illegal_transition(
                "The fulfilment order",
                work_status(target.work, target.order),
                "held",
                "Nothing of it is left to hold back.",
            )
        held = FulfilmentHeld(self.fulfilment_id, self.reason, self.note)
        return dated([*opening_events(target), Change(held)], self.occurred_at, ctx)
