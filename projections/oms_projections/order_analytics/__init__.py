"""Figures of orders, their holds and edits, of payments and of returns, from the first event on."""

from __future__ import annotations

from oms_projections.order_analytics.fold import READ_MODEL

__all__ = ["READ_MODEL"]
