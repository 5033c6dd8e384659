"""Cases as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.cases.state import ShipmentCase
from oms_ledger.kernel import Json


def case_view(case: ShipmentCase) -> dict[str, Json]:
    opened, closed = case.first_event, case.closed
    return {
        "case_id": opened.case_id,
        "shipment_id": opened.shipment_id,
        "order_id": opened.order_id,
        "order_number": opened.order_number,
        "channel": opened.channel,
        "location": opened.location,
        "carrier": opened.carrier,
        "kind": opened.kind,
        "status": case.status,
        "scan": opened.scan,
        "note": case.note,
        "resolution": None if closed is None else closed.resolution,
        "reference": None if closed is None else closed.reference,
        "return_id": None if closed is None else closed.return_id,
        "sensitive": opened.sensitive,
        "version": case.version,
    }
