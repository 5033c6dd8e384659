"""Shipments as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.catalogue.views import in_unit_view
from oms_ledger.domain.fulfilment.dates import doubtful_dates
from oms_ledger.domain.fulfilment.events import ShipmentLine
from oms_ledger.domain.fulfilment.state import Shipment
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.kernel import Json


def shipment_line_view(line: ShipmentLine) -> dict[str, Json]:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "quantity": line.quantity,
        **in_unit_view(line.unit, {"quantity": line.quantity}),
    }


def shipment_view(shipment: Shipment) -> dict[str, Json]:
    created = shipment.created
    if created is None:
        raise ValueError("a shipment's first event is ShipmentCreated")
    return {
        "shipment_id": created.shipment_id,
        "order_id": created.order_id,
        "order_number": created.order_number,
        "version": shipment.version,
        "sensitive": created.sensitive,
        "status": shipment.status,
        "exception": shipment.exception,
        "location": created.location,
        "carrier": created.carrier,
        "service": created.service,
        "tracking_number": shipment.tracking_number,
        "tracking_token": created.tracking_token,
        "lines": [shipment_line_view(line) for line in created.lines],
        "dispatched_at": rfc3339(shipment.dispatched_at) if shipment.dispatched_at else None,
        "delivered_at": rfc3339(shipment.delivered_at) if shipment.delivered_at else None,
        "doubtful_dates": [
            {"date": doubt.date, "before": doubt.before}
            for doubt in doubtful_dates(
                created.placed_at, shipment.dispatched_at, shipment.delivered_at
            )
        ],
    }
