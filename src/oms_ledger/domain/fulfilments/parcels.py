"""Packing units of a fulfilment order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oms_ledger.domain.fulfilment.creation import require_shippable
from oms_ledger.domain.fulfilment.events import Package
from oms_ledger.domain.fulfilment.gate import require_unblocked
from oms_ledger.domain.fulfilment.rules import new_shipment
from oms_ledger.domain.fulfilments.blocks import blocks_of_work
from oms_ledger.domain.fulfilments.rules import Case, begun, with_put_back
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import UnitsPacked
from oms_ledger.kernel import Change, Context, Given


@dataclass(frozen=True, slots=True)
class ParcelPlan:
    """What a new shipment is to be: `units` by `line_id`. Without `service` that of the order."""

    units: Mapping[str, int]
    carrier: str
    service: str | None = None
    packages: tuple[Package, ...] = ()


def units_to_pack(case: Case) -> dict[str, int]:
    """Units by `line_id` that are packed where none are named: the picked ones, or all where
    picking was not begun."""
    return dict(case.work.picked or case.work.open)


def pack(
    case: Case, plan: ParcelPlan, force: str | None, ctx: Context, given: Given
) -> list[Change]:
    """The events of a new shipment of the fulfilment order, whose id is that of the command.
    `Refused` with `ship_blocked`, naming each block, unless it is overridden for the reason in
    `force`."""
    order, work, units = case.order, case.work, plan.units
    require_shippable(order)
    blocks = blocks_of_work(work, units, ctx.now)
    override = require_unblocked(order, units, force, given, blocks)
    order_id, location = work.name.order_id, work.name.location
    shipment = new_shipment(
        order,
        ctx.command_id,
        location,
        units,
        ctx.token,
        carrier=plan.carrier,
        service=plan.service,
        override=override,
    )
    changes = [
        *begun(case),
        Change(UnitsPacked(order_id, ctx.command_id, location, quantities(units.items()))),
        Change(replace(shipment, packages=plan.packages, fulfilment_id=work.fulfilment_id)),
    ]
    return with_put_back(changes, order, case.works.values())
