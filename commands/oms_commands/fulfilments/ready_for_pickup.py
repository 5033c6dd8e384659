"""Goods that wait at their location for the buyer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Id, OccurredAt, Reason
from oms_commands.fulfilment._fields import Force, check_force
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.fulfilment.creation import ShipmentPlan
from oms_ledger.domain.fulfilments.events import FulfilmentReadyForPickup
from oms_ledger.domain.fulfilments.parcels import pack, units_to_pack
from oms_ledger.domain.fulfilments.rules import existing_target, require_work
from oms_ledger.domain.fulfilments.work import PICKUP
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class ReadyFulfilmentForPickup(FulfilmentCommand):
    """Put the goods of a fulfilment order aside for the buyer, who takes them at the location.

    What is picked, or everything where picking was not begun, makes up a shipment whose carrier is
    `pickup`. It leaves the stock once it is picked up; until then it can be cancelled.
    """

    name: ClassVar[str] = "ReadyFulfilmentForPickup"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/ready_for_pickup")
    example: ClassVar[Mapping[str, Json]] = {}

    fulfilment_id: Id
    occurred_at: OccurredAt = None
    force: Force = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> ReadyFulfilmentForPickup:
        check_force(self.reason, force=self.force)
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_work(target, "made ready for pickup")
        location, units = target.work.name.location, units_to_pack(target)
        plan = ShipmentPlan(
            ctx.command_id,
            ctx.token,
            location,
            units,
            PICKUP,
            PICKUP,
            fulfilment_id=self.fulfilment_id,
        )
        ready = FulfilmentReadyForPickup(self.fulfilment_id, ctx.command_id)
        changes = [*pack(target, plan, self.reason, ctx, given), Change(ready)]
        return dated(changes, self.occurred_at, ctx)
