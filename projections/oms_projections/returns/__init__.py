"""Returns, exchanges and claims, as the desk works through them: one row per return."""

from __future__ import annotations

from oms_projections.returns.fold import READ_MODEL

__all__ = ["READ_MODEL"]
