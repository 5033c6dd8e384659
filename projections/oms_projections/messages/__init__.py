"""Messages to customers, as their sender works through them: one row per message."""

from __future__ import annotations

from oms_projections.messages.fold import READ_MODEL

__all__ = ["READ_MODEL"]
