"""Stock as the API answers it."""

from __future__ import annotations

from oms_ledger.domain.catalogue.state import Product
from oms_ledger.domain.catalogue.views import in_unit_view
from oms_ledger.domain.stock.state import StockLevel
from oms_ledger.kernel import Json


def stock_view(sku: str, location: str, stock: StockLevel, product: Product) -> dict[str, Json]:
    safety = product.safety_stock_of(location)
    units = {
        "on_hand": stock.on_hand,
        "allocated": stock.allocated,
        "held": stock.held,
        "available": stock.available(safety),
        "backordered": stock.backordered,
        "incoming": stock.incoming,
        "damaged": stock.damaged,
        "quarantine": stock.quarantine,
        "blocked": stock.blocked,
        "safety_stock": safety,
    }
    return {
        "sku": sku,
        "location": location,
        **units,
        **in_unit_view(product.unit, units),
        "sensitive": product.sensitive,
        "version": stock.version,
    }
