"""The first event of a shipment, from its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oms_ledger.domain.errors import Refused, illegal_transition
from oms_ledger.domain.fulfilment.events import LineLot, Package, ShipmentCreated, ShipmentLine
from oms_ledger.domain.fulfilment.gate import NOTHING_OVERRIDDEN, Override
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.state import Order


@dataclass(frozen=True, slots=True)
class ShipmentPlan:
    """What a new shipment is to be: `units` by `line_id`, from `location`. `fulfilment_id`,
    `untracked` and `lots` as in `ShipmentCreated`; without `service` that of the order."""

    shipment_id: str
    tracking_token: str
    location: str
    units: Mapping[str, int]
    carrier: str
    service: str | None = None
    packages: tuple[Package, ...] = ()
    fulfilment_id: str | None = None
    untracked: bool = False
    lots: tuple[LineLot, ...] = ()


def shipment_created(
    order: Order, plan: ShipmentPlan, override: Override = NOTHING_OVERRIDDEN
) -> ShipmentCreated:
    placed, terms = order.first_event, order.terms
    address = terms.shipping_address
    recipient = address.name if address and address.name else None
    if recipient is None and terms.customer is not None:
        recipient = terms.customer.name
    return ShipmentCreated(
        shipment_id=plan.shipment_id,
        order_id=placed.order_id,
        order_number=placed.number,
        channel=terms.channel,
        location=plan.location,
        carrier=plan.carrier,
        service=plan.service or (terms.shipping.service if terms.shipping else None),
        lines=tuple(
            ShipmentLine(line_id, line.sku, units, line.unit)
            for line_id, units in plan.units.items()
            for line in [order.lines[line_id].line]
        ),
        packages=plan.packages,
        tracking_token=plan.tracking_token,
        placed_at=placed.placed_at,
        ship_by=order.ship_by,
        deliver_by=order.deliver_by,
        recipient=recipient,
        city=address.city if address else None,
        country=address.country if address else None,
        sensitive=placed.sensitive,
        force=override.reason,
        overridden=override.blocks,
        untracked=plan.untracked,
        fulfilment_id=plan.fulfilment_id,
        lots=plan.lots,
    )


CARRIERS = ("manual",)


def require_carrier(carrier: str) -> None:
    if carrier not in CARRIERS:
        raise Refused(
            f"Carrier {carrier} is not connected. Use one of: {', '.join(CARRIERS)}.",
            code="unknown_carrier",
        )


def require_shippable(order: Order) -> None:
    """`Refused` with `illegal_transition` where nothing of the order can be shipped yet, or any
    more."""
    status = order.statuses.order
    if status == "pending":
        raise illegal_transition(
            "The order", "pending", "shipped", "Confirm it first with POST .../confirm."
        )
    if status == "scheduled" and order.terms.fulfil_at:
        raise illegal_transition(
            "The order",
            "scheduled",
            "shipped",
            f"Its fulfil_at is {rfc3339(order.terms.fulfil_at)}. Wait until then, or release"
            " it with POST .../release-schedule.",
        )
    if status not in ("confirmed", "processing"):
        raise illegal_transition("The order", status, "shipped", "It has no open units.")
