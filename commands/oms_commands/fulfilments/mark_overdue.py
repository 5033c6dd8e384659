"""The record that a fulfilment order was not shipped in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.fulfilments.events import FulfilmentOverdue
from oms_ledger.domain.fulfilments.rules import existing_target
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class MarkFulfilmentOverdue(FulfilmentCommand):
    """Record that units of a fulfilment order were not shipped by its `ship_by`.

    The ledger does so by itself at that time. Nothing is recorded where all has left, or `ship_by`
    is still to come.
    """

    name: ClassVar[str] = "MarkFulfilmentOverdue"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/mark-overdue")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        work, state = target.work, target.work.state
        left = sum(work.open.values()) + sum(work.packed.values())
        if state.opened is None or state.overdue or not left or target.order.ship_by > ctx.now:
            return ()
        return [Change(FulfilmentOverdue(self.fulfilment_id, target.order.ship_by, left))]
