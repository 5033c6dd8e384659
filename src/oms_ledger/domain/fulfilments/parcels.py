"""Packing units of a fulfilment order."""

from __future__ import annotations

from dataclasses import replace

from oms_ledger.domain.fulfilment.creation import (
    ShipmentPlan,
    require_shippable,
    shipment_created,
)
from oms_ledger.domain.fulfilment.gate import require_unblocked
from oms_ledger.domain.fulfilments.blocks import blocks_of_work
from oms_ledger.domain.fulfilments.lots import lots_to_pack
from oms_ledger.domain.fulfilments.rules import FulfilmentTarget, opening_events, with_put_back
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import UnitsPacked
from oms_ledger.kernel import Change, Context, Given


def units_to_pack(target: FulfilmentTarget) -> dict[str, int]:
    """Units by `line_id` that are packed where none are named: the picked ones, or all where
    picking was not begun."""
    return dict(target.work.picked or target.work.open)


def pack(
    target: FulfilmentTarget, plan: ShipmentPlan, force: str | None, ctx: Context, given: Given
) -> list[Change]:
    """The events of a new shipment of the fulfilment order. `Refused` with `ship_blocked`, naming
    each block, unless it is overridden for the reason in `force`."""
    order, work = target.order, target.work
    require_shippable(order)
    blocks = blocks_of_work(work, plan.units, ctx.now)
    override = require_unblocked(order, plan.units, force, given, blocks)
    plan = replace(plan, lots=lots_to_pack(work, plan.units, order))
    order_id, lines = work.name.order_id, quantities(plan.units.items())
    changes = [
        *opening_events(target),
        Change(UnitsPacked(order_id, plan.shipment_id, plan.location, lines)),
        Change(shipment_created(order, plan, override)),
    ]
    return with_put_back(changes, order, target.works.values())
