"""Where every order stands: one row per order, per line and per shipment."""

from __future__ import annotations

from oms_projections.order_status.fold import READ_MODEL

__all__ = ["READ_MODEL"]
