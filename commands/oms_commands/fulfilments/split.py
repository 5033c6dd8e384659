"""Splitting units off a fulfilment order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt
from oms_commands.fulfilments._fields import LineUnits
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilments.answers import SplitFulfilmentAnswer
from oms_ledger.domain.fulfilments.blocks import require_no_wait
from oms_ledger.domain.fulfilments.events import FulfilmentSplit
from oms_ledger.domain.fulfilments.rules import (
    FulfilmentTarget,
    existing_target,
    opened,
    opening_events,
    require_work,
    wanted_units,
)
from oms_ledger.domain.fulfilments.work import Work
from oms_ledger.domain.guards import line_quantities, quantities
from oms_ledger.domain.identifiers import fulfilment_id_of
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route

_PARTS_MAX = 100
"""Fulfilment orders of one order at one location."""


@dataclass(frozen=True, slots=True, config=STRICT)
class SplitFulfilment(FulfilmentCommand):
    """Split units off a fulfilment order into another one at the same location.

    Only units that are not picked can be split off, and not all of them. Answers with what is
    left, and with `new_fulfilment_id`.
    """

    name: ClassVar[str] = "SplitFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/split")
    answer_type: ClassVar[type] = SplitFulfilmentAnswer
    example: ClassVar[Mapping[str, Json]] = {"lines": [{"line_id": "1", "quantity": 2}]}

    fulfilment_id: Id
    lines: Annotated[tuple[LineUnits, ...], Field(min_length=1, max_length=2000)]
    occurred_at: OccurredAt = None

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "split")
        work = target.work
        require_no_wait(work, ctx.now)
        wanted = wanted_units(
            line_quantities(self.lines, target.order),
            work.unpicked,
            target.order,
            "that are not picked",
        )
        if wanted == work.open:
            raise Refused(
                "That is all of the fulfilment order. Split off fewer units, or move it whole.",
                code="not_enough_units",
            )
        parts = [each.name.part for each in _of_location(target)]
        if len(parts) >= _PARTS_MAX:
            raise Refused(
                f"The work at {work.name.location} is split into {len(parts)} fulfilment orders"
                " already. Merge some of them first.",
                code="too_many_parts",
            )
        new = fulfilment_id_of(work.name.order_id, work.name.location, 1 + max(parts))
        lines = quantities(wanted.items())
        changes = [
            *opening_events(target),
            Change(FulfilmentSplit(self.fulfilment_id, new, lines)),
            Change(opened(new, work.name.location, target.order, lines)),
        ]
        return dated(changes, self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        target = existing_target(given, self.fulfilment_id)
        newest = max(_of_location(target), key=lambda work: work.name.part)
        return {
            **FulfilmentCommand.answer(self, ctx, given),
            "new_fulfilment_id": newest.fulfilment_id,
        }


def _of_location(target: FulfilmentTarget) -> list[Work]:
    """The fulfilment orders of the order at the same location."""
    location = target.work.name.location
    return [each for each in target.works.values() if each.name.location == location]
