"""Reservations: one row each."""

from __future__ import annotations

from oms_projections.reservations.fold import READ_MODEL

__all__ = ["READ_MODEL"]
