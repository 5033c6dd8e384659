"""Payments, as those who look after money work through them: one row per payment."""

from __future__ import annotations

from oms_projections.payments.fold import READ_MODEL

__all__ = ["READ_MODEL"]
