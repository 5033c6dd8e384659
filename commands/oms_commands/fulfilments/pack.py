"""Packing picked units of a fulfilment order into parcels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt, Reason
from oms_commands.fulfilment._fields import Force, check_force
from oms_commands.fulfilments._fields import ParcelFields
from oms_commands.fulfilments._fulfilment_command import FulfilmentCommand
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.creation import ShipmentPlan, require_carrier
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.fulfilments.parcels import pack, units_to_pack
from oms_ledger.domain.fulfilments.rules import existing_target, require_work, wanted_units
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Context, Given, Json, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PackFulfilment(FulfilmentCommand):
    """Pack units of a fulfilment order: all that are picked, or those of `packages`.

    Answers with the shipment that they make up, which is then labelled and dispatched. Where
    picking was not begun, units are packed without it. What blocks the shipment is named, unless
    `force` with a `reason` overrides it.
    """

    name: ClassVar[str] = "PackFulfilment"
    route: ClassVar[Route] = Route("POST", "/v1/fulfilments/{fulfilment_id}/pack", 201)
    answer_type: ClassVar[type] = ShipmentAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "packages": [
            {
                "lines": [{"line_id": "1", "quantity": 4}],
                "weight_g": 1200,
                "dimensions_mm": {"length": 300, "width": 200, "height": 100},
            }
        ]
    }

    fulfilment_id: Id
    packages: Annotated[tuple[ParcelFields, ...], Field(max_length=1000)] = ()
    carrier: Code = "manual"
    service: Code | None = None
    occurred_at: OccurredAt = None
    force: Force = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> PackFulfilment:
        check_force(self.reason, force=self.force)
        return self

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        target = existing_target(given, self.fulfilment_id)
        require_carrier(self.carrier)
        require_work(target, "packed")
        packages = tuple(
            package.package(target.order, f"packages.{n}")
            for n, package in enumerate(self.packages)
        )
        units = units_to_pack(target)
        if packages:
            lines = [line for package in packages for line in package.lines]
            units = wanted_units(lines, target.work.open, target.order, "that are not packed")
        plan = ShipmentPlan(
            ctx.command_id,
            ctx.token,
            target.work.name.location,
            units,
            self.carrier,
            self.service,
            packages,
            self.fulfilment_id,
        )
        return dated(pack(target, plan, self.reason, ctx, given), self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, ctx.command_id))
