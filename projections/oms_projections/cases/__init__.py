"""Cases of shipments, as the desk works through them: one row per case."""

from __future__ import annotations

from oms_projections.cases.fold import READ_MODEL

__all__ = ["READ_MODEL"]
