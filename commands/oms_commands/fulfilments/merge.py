"""Merging two fulfilment orders of an order at one location."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilments.blocks import require_no_wait
from oms_ledger.domain.fulfilments.events import FulfilmentAbsorbed, FulfilmentMerged
from oms_ledger.domain.fulfilments.lots import line_lots, lots_waiting
from oms_ledger.domain.fulfilments.rules import existing_target, opening_events, require_work
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class MergeFulfilments(FulfilmentCommand):
    """Merge another fulfilment order into this one, with all its units that are not packed.

    Both are of one order and at one location: move it first, where they are not. What is picked
    stays picked.
    """

    name: ClassVar[str] = "MergeFulfilments"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/merge")
    example: ClassVar[Mapping[str, Json]] = {
        "with": "8f1d3d8e-5b6b-5f0a-9c6e-2f8f3a1b7c11@LON~2",
    }

    fulfilment_id: Id
    merged: Annotated[Id, Field(validation_alias=AliasChoices("merged", "with"))]
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        other = target.works.get(self.merged)
        here = target.work.name.location
        if other is None or other is target.work or other.name.location != here:
            raise Refused(
                f"{self.merged} is no other fulfilment order of the same order at {here}. Move it"
                " here first, or name another one: GET /v1/fulfilments lists them.",
                code="not_mergeable",
                errors=[{"with": self.merged}],
            )
        absorbed = target._replace(work=other)
        require_work(target, "merged")
        require_work(absorbed, "merged")
        for work in (target.work, other):
            require_no_wait(work, ctx.now)
        lines, picked = quantities(other.open.items()), quantities(other.picked.items())
        lots = line_lots(lots_waiting(other))
        changes = [
            *opening_events(target),
            *(each for each in opening_events(absorbed) if each not in opening_events(target)),
            Change(FulfilmentMerged(self.fulfilment_id, self.merged, lines, picked, lots)),
            Change(FulfilmentAbsorbed(self.merged, self.fulfilment_id, lines, picked, lots)),
        ]
        return dated(changes, self.occurred_at, ctx)
