"""Who waits for stock, since when: one row per line and SKU."""

from __future__ import annotations

from oms_projections.backorders.fold import READ_MODEL

__all__ = ["READ_MODEL"]
