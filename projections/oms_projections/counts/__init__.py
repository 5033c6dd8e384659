"""Counts of stock: one row per count."""

from __future__ import annotations

from oms_projections.counts.fold import READ_MODEL

__all__ = ["READ_MODEL"]
