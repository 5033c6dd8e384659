"""The decisions behind dispatch and delivery, however they become known: by a person or by a scan;
and behind the correction of their dates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDate,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
)
from oms_ledger.domain.fulfilment.gate import NOTHING_OVERRIDDEN, Override
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import UnitsDateCorrected, UnitsDelivered, UnitsShipped
from oms_ledger.domain.orders.rules.cancellation import packed_units
from oms_ledger.domain.orders.state import Order
from oms_ledger.domain.stock.events import ShippedDateCorrected
from oms_ledger.domain.stock.rules import UnitsAt, kits_of, units_taken
from oms_ledger.kernel import Change


def require_under_way(shipment: Shipment, wanted: str) -> None:
    """Refused before dispatch and after cancelling."""
    if shipment.status in ("created", "labelled", "cancelled"):
        raise illegal_transition(
            "The shipment", shipment.status, wanted, "Only what was dispatched is on its way."
        )


def stock_in(created: ShipmentCreated, order: Order) -> list[UnitsAt]:
    """The stock that is in a shipment: of kits that of their components."""
    kits = kits_of(progress.line for progress in order.lines.values())
    return list(units_taken(packed_units(created), kits))


def dispatch(
    created: ShipmentCreated,
    at: datetime,
    stock: Iterable[Change],
    *,
    tracking_number: str | None = None,
    simulated: bool = False,
    override: Override = NOTHING_OVERRIDDEN,
) -> list[Change]:
    """The events by which a shipment leaves; `stock` are those of the stock that leaves with it."""
    shipment_id, order_id = created.shipment_id, created.order_id
    lines = quantities((line.line_id, line.quantity) for line in created.lines)
    dispatched = ShipmentDispatched(
        shipment_id, order_id, tracking_number, simulated, at, override.reason, override.blocks
    )
    shipped = UnitsShipped(order_id, shipment_id, lines)
    return [Change(dispatched), Change(shipped), *stock]


def deliver(
    created: ShipmentCreated, at: datetime, occurred_at: datetime | None, simulated: bool = False
) -> list[Change]:
    shipment_id, order_id = created.shipment_id, created.order_id
    lines = quantities((line.line_id, line.quantity) for line in created.lines)
    delivered = ShipmentDelivered(shipment_id, order_id, at, simulated)
    return [
        Change(delivered, occurred_at),
        Change(UnitsDelivered(order_id, shipment_id, lines), occurred_at),
    ]


def correct_date(
    shipment: Shipment,
    created: ShipmentCreated,
    date: ShipmentDate,
    at: datetime,
    stock: Iterable[UnitsAt] = (),
) -> list[Change]:
    """The events by which a date of the shipment becomes `at`, in each stream that has it; none
    where it is that already. `stock` is what left with it."""
    recorded = shipment.dispatched_at if date == "dispatched_at" else shipment.delivered_at
    if recorded == at:
        return []
    shipment_id, order_id = created.shipment_id, created.order_id
    changes = [
        Change(ShipmentDateCorrected(shipment_id, order_id, date, at), at),
        Change(UnitsDateCorrected(order_id, shipment_id, date, at), at),
    ]
    for line_id, sku, place, units in stock:
        corrected = ShippedDateCorrected(sku, place, units, order_id, line_id, shipment_id, at)
        changes.append(Change(corrected, at))
    return changes
