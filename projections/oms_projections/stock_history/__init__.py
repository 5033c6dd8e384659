"""What stock was worth, day by day; what came, was sold and was lost; and counts."""

from __future__ import annotations

from oms_projections.stock_history.fold import READ_MODEL

__all__ = ["READ_MODEL"]
