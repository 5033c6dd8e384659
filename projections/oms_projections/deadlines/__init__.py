"""Deadlines: what is due when, unless it is done before."""

from __future__ import annotations

from oms_projections.deadlines.fold import READ_MODEL

__all__ = ["READ_MODEL"]
