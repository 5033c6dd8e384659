"""The decision behind delivery, however it becomes known: by a person or by a scan."""

from __future__ import annotations

from datetime import datetime

from oms_ledger.domain.errors import illegal_transition
from oms_ledger.domain.fulfilment.events import ShipmentCreated, ShipmentDelivered
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.guards import quantities
from oms_ledger.domain.orders.events import UnitsDelivered
from oms_ledger.kernel import Change


def require_under_way(shipment: Shipment, wanted: str) -> None:
    """Refused before dispatch and after cancelling."""
    if shipment.status in ("created", "labelled", "cancelled"):
        raise illegal_transition(
            "The shipment", shipment.status, wanted, "Only what was dispatched is on its way."
        )


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
