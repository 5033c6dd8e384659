"""Orders that are being prepared: one row per draft."""

from __future__ import annotations

from oms_projections.drafts.fold import READ_MODEL

__all__ = ["READ_MODEL"]
