"""Transfers as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.transfers.state import Transfer
from oms_ledger.kernel import Json


def transfer_view(transfer_id: str, transfer: Transfer) -> dict[str, Json]:
    return {
        "transfer_id": transfer_id,
        "version": transfer.version,
        "status": transfer.status,
        "from_location": transfer.from_location,
        "to_location": transfer.to_location,
        "expected_at": None if transfer.expected_at is None else rfc3339(transfer.expected_at),
        "reference": transfer.reference,
        "lines": [
            {
                "sku": sku,
                "requested": line.requested,
                "shipped": line.shipped,
                "in_transit": line.in_transit,
                "received": line.received,
                "damaged": line.damaged,
                "surplus": line.surplus,
                "lost": line.lost,
                "reason": line.reason,
            }
            for sku, line in transfer.lines.items()
        ],
    }
