"""Lots as the API answers them."""

from __future__ import annotations

from collections.abc import Mapping

from oms_ledger.domain.lots.state import Lot
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Json


def lot_view(sku: str, name: str, lot: Lot, stock: Mapping[str, StockLevel]) -> dict[str, Json]:
    """`stock` is that of the SKU by location."""
    locations: list[Json] = [
        {
            "location": place,
            "on_hand": each.on_hand,
            "damaged": each.damaged,
            "quarantine": each.quarantine,
            "sellable": each.sellable(None),
            "short": max(0, -level.free),
        }
        for place, level in sorted(stock.items())
        if (each := level.lots.get(name)) is not None
    ]
    return {
        "sku": sku,
        "lot": name,
        "version": lot.version,
        "status": lot.status,
        "expires_on": lot.expires_on,
        "reason": lot.reason,
        "on_hand": sum(level.lots[name].on_hand for level in stock.values() if name in level.lots),
        "locations": locations,
    }
