"""What is promised to a buyer who was not promised anything particular."""

from __future__ import annotations

from datetime import datetime, timedelta

STANDARD = (timedelta(hours=48), timedelta(days=5))
PROMISES = {"standard": STANDARD, "express": (timedelta(hours=24), timedelta(days=2))}
"""Shipping service: time until it ships, and from then until it is delivered."""


def promise(service: str | None, placed_at: datetime) -> tuple[datetime, datetime]:
    """Ship by, deliver by. A service nobody has defined is promised like the standard one."""
    to_ship, to_deliver = PROMISES.get(service or "standard", STANDARD)
    return placed_at + to_ship, placed_at + to_ship + to_deliver
