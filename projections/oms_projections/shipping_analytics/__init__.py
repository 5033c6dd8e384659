"""Every shipment: what was promised, what was done, and when."""

from __future__ import annotations

from oms_projections.shipping_analytics.fold import READ_MODEL

__all__ = ["READ_MODEL"]
