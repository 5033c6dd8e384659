"""Rates and other quotients of figures."""

from __future__ import annotations


def ratio(part: float, whole: float) -> float | None:
    """Rounded to four digits; None where it would divide by nothing."""
    return round(part / whole, 4) if whole else None
