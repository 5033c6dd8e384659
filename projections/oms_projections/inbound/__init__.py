"""Inbound deliveries and transfers, one row for each; and the units that are expected, by SKU,
location and source."""

from __future__ import annotations

from oms_projections.inbound.fold import READ_MODEL

__all__ = ["READ_MODEL"]
