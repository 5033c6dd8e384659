"""The decisions behind dispatch and delivery, however they become known: by a person or by a scan;
and behind the correction of their dates."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.events import (
    ShipmentCreated,
    ShipmentDate,
    ShipmentDateCorrected,
    ShipmentDelivered,
    ShipmentDispatched,
)
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import UnitsDateCorrected, UnitsDelivered, UnitsShipped
from oms_ledger.domain.stock.events import ShippedDateCorrected, StockShipped
from oms_ledger.kernel import Change


def require_under_way(shipment: Shipment, wanted: str) -> None:
    """Refused before dispatch and after cancelling."""
    if shipment.status in ("created", "labelled", "cancelled"):
        raise illegal_transition(
            "The shipment", shipment.status, wanted, "Only what was dispatched is on its way."
        )


def dispatch(created: ShipmentCreated, dispatched: ShipmentDispatched) -> list[Change]:
    """The shipment leaves: its order counts its units as shipped, and they leave the stock."""
    shipment_id, order_id, place = created.shipment_id, created.order_id, created.location
    lines = quantities((line.line_id, line.quantity) for line in created.lines)
    changes = [Change(dispatched), Change(UnitsShipped(order_id, shipment_id, lines))]
    for line in created.lines:
        left = StockShipped(line.sku, place, line.quantity, order_id, line.line_id, shipment_id)
        changes.append(Change(left))
    return changes


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
    shipment: Shipment, created: ShipmentCreated, date: ShipmentDate, at: datetime
) -> list[Change]:
    """The events by which a date of the shipment becomes `at`, in each stream that has it; none
    where it is that already."""
    recorded = shipment.dispatched_at if date == "dispatched_at" else shipment.delivered_at
    if recorded == at:
        return []
    shipment_id, order_id = created.shipment_id, created.order_id
    changes = [
        Change(ShipmentDateCorrected(shipment_id, order_id, date, at), at),
        Change(UnitsDateCorrected(order_id, shipment_id, date, at), at),
    ]
    if date == "dispatched_at":
        changes += [
            Change(
                ShippedDateCorrected(
                    line.sku,
                    created.location,
                    line.quantity,
                    order_id,
                    line.line_id,
                    shipment_id,
                    at,
                ),
                at,
            )
            for line in created.lines
        ]
    return changes
