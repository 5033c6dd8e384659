"""Stock by SKU and location, every change of it, products and locations."""

from __future__ import annotations

from oms_projections.stock_levels.fold import READ_MODEL

__all__ = ["READ_MODEL"]
