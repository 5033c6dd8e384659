"""Inbound deliveries as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.inbound.state import Inbound
from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.money import to_text
from oms_ledger.kernel import Json


def inbound_view(inbound_id: str, inbound: Inbound) -> dict[str, Json]:
    assert inbound.expected_at is not None, "it was created"
    awaited = inbound.awaited
    return {
        "inbound_id": inbound_id,
        "version": inbound.version,
        "status": inbound.status,
        "location": inbound.location,
        "expected_at": rfc3339(inbound.expected_at),
        "supplier": inbound.supplier,
        "reference": inbound.reference,
        "lines": [
            {
                "sku": sku,
                "ordered": line.ordered,
                "received": line.received,
                "damaged": line.damaged,
                "awaited": awaited.get(sku, 0),
                "over": line.over,
                "unit_cost": None
                if line.unit_cost is None or line.currency is None
                else to_text(line.unit_cost, line.currency),
                "currency": line.currency,
            }
            for sku, line in inbound.lines.items()
        ],
    }
