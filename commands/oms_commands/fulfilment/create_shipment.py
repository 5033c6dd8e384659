"""Making a shipment of an order's allocated units at one location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Code, Id, OccurredAt, Reason
from oms_commands.fulfilment._fields import (
    Force,
    PackageFields,
    ShippedLine,
    check_force,
)
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.fulfilment.answers import ShipmentAnswer
from oms_ledger.domain.fulfilment.creation import (
    ShipmentPlan,
    require_carrier,
    require_shippable,
    shipment_created,
)
from oms_ledger.domain.fulfilment.events import Package
from oms_ledger.domain.fulfilment.gate import require_unblocked
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.fulfilment.views import shipment_view
from oms_ledger.domain.fulfilments.blocks import blocks_of_work, work_at
from oms_ledger.domain.fulfilments.lots import lots_to_pack
from oms_ledger.domain.fulfilments.rules import refs_if_begun, works_if_begun
from oms_ledger.domain.guards import (
    existing_order,
    line_quantities,
    quantities,
    require_location,
)
from oms_ledger.domain.orders.events import UnitsPacked
from oms_ledger.domain.orders.lines import units_by_line
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.times import dated
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class CreateShipment(Command):
    """Make a shipment: everything of the order that is allocated at the location, or `lines`.

    The order must be confirmed, and nothing may block the shipment: it is refused with
    `ship_blocked` as its dispatch would be, unless `force` with a `reason` overrides it. The units
    leave the stock at dispatch. Where picking was begun, what is not picked blocks it; where the
    work at the location was split, each part is packed by itself.
    `occurred_at` is when they were packed, if that was earlier.
    """

    name: ClassVar[str] = "CreateShipment"
    route: ClassVar[Route] = Route("POST", "/v1/orders/{order_id}/shipments", 201)
    scope: ClassVar[str] = "shipments:write"
    answer_type: ClassVar[type] = ShipmentAnswer
    within_channels: ClassVar[bool] = True
    example: ClassVar[Mapping[str, Json]] = {
        "location": "LON",
        "carrier": "manual",
        "packages": [{"weight_g": 1200}],
    }

    order_id: Id
    location: Code
    lines: Annotated[tuple[ShippedLine, ...], Field(min_length=1, max_length=2000)] | None = None
    packages: Annotated[tuple[PackageFields, ...], Field(max_length=1000)] = ()
    carrier: Code = "manual"
    service: Code | None = None
    occurred_at: OccurredAt = None
    force: Force = False
    reason: Reason | None = None

    @model_validator(mode="after")
    def _forced_for_a_reason(self) -> CreateShipment:
        check_force(self.reason, force=self.force)
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        refs: list[Ref] = [(Order, self.order_id), (Location, self.location)]
        return [*refs, *refs_if_begun(self.order_id, given)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        order = existing_order(given, self.order_id)
        require_carrier(self.carrier)
        require_location(given, self.location)
        require_shippable(order)
        units = self._units(order)
        work = work_at(self.location, works_if_begun(order, given))
        blocks = blocks_of_work(work, units, ctx.now) if work else ()
        override = require_unblocked(order, units, self.reason, given, blocks)
        plan = ShipmentPlan(
            ctx.command_id,
            ctx.token,
            self.location,
            units,
            self.carrier,
            self.service,
            tuple(Package(p.weight_g, p.length_mm, p.width_mm, p.height_mm) for p in self.packages),
            work.fulfilment_id if work else None,
            lots=lots_to_pack(work, units, order) if work else (),
        )
        packed = UnitsPacked(
            self.order_id, ctx.command_id, self.location, quantities(units.items())
        )
        created = shipment_created(order, plan, override)
        return dated([Change(packed), Change(created)], self.occurred_at, ctx)

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return shipment_view(given.state(Shipment, ctx.command_id))

    def _units(self, order: Order) -> dict[str, int]:
        """Units per line; refused where the location does not have them for this order."""
        here = {
            line_id: n
            for line_id, p in order.lines.items()
            if (n := p.allocated_at.get(self.location, 0))
        }
        if self.lines is None:
            if not here:
                untracked = any(p.untracked for p in order.lines.values())
                remedy = (
                    "Its import gave it no stock: cancel it, then resume it with stock."
                    if untracked
                    else "GET the order to see where its units are."
                )
                raise Refused(
                    f"Nothing of this order is allocated at {self.location}. {remedy}",
                    code="nothing_to_ship",
                )
            return here
        wanted = units_by_line(line_quantities(self.lines, order))
        faults: list[dict[str, Json]] = [
            {
                "line": line_id,
                "sku": order.lines[line_id].line.sku if line_id in order.lines else None,
                "requested": n,
                "available": here.get(line_id, 0),
            }
            for line_id, n in wanted.items()
            if n > here.get(line_id, 0)
        ]
        if faults:
            raise Refused(
                f"More than this order has allocated at {self.location}. Ship what is there, or"
                " ship from another location.",
                code="nothing_to_ship",
                errors=faults,
            )
        return wanted
