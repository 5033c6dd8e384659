"""The end of the wait of a scheduled fulfilment order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.fulfilments.events import FulfilmentDue
from oms_ledger.domain.fulfilments.rules import existing_target
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReleaseFulfilmentSchedule(FulfilmentCommand):
    """Let the work on a scheduled fulfilment order begin.

    The ledger does so by itself at its `not_before`; a person need not wait for it.
    """

    name: ClassVar[str] = "ReleaseFulfilmentSchedule"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/release-schedule")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id
    if_due: bool = False

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        not_before = existing_target(given, self.fulfilment_id).work.state.not_before
        if not_before is None or (self.if_due and not_before > ctx.now):
            return ()
        return [Change(FulfilmentDue(self.fulfilment_id))]
