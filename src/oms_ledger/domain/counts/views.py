"""Counts as the API answers them."""

from __future__ import annotations

from oms_ledger.domain.counts.state import Count
from oms_ledger.kernel import Json


def count_view(count_id: str, count: Count) -> dict[str, Json]:
    skus = dict.fromkeys((*count.skus, *count.counted))
    return {
        "count_id": count_id,
        "version": count.version,
        "status": count.status,
        "location": count.location,
        "reference": count.reference,
        "lines": [_line(sku, count) for sku in skus],
    }


def _line(sku: str, count: Count) -> dict[str, Json]:
    line = count.counted.get(sku)
    if line is None:
        return {"sku": sku, "counted": None, "on_hand": None, "variance": None}
    variance = line.counted - line.on_hand
    return {"sku": sku, "counted": line.counted, "on_hand": line.on_hand, "variance": variance}
