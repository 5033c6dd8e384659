"""Lots by location, the orders that got units of them, and serial numbers."""

from __future__ import annotations

from oms_projections.lots.fold import READ_MODEL

__all__ = ["READ_MODEL"]
