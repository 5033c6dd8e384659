"""Dates of a shipment that cannot all be true.

Carriers do send such dates, so that they are kept as they came. They are marked, and durations are
not reckoned from them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class DoubtfulDate(NamedTuple):
    """`date` lies before a date that it can only follow: both are names of fields."""

    date: str
    before: str


def doubtful_dates(
    placed_at: datetime, dispatched_at: datetime | None, delivered_at: datetime | None
) -> list[DoubtfulDate]:
    """The dates of a shipment that are in doubt, given when its order was placed."""
    doubtful: list[DoubtfulDate] = []
    if dispatched_at is not None and dispatched_at < placed_at:
        doubtful.append(DoubtfulDate("dispatched_at", "placed_at"))
    if dispatched_at is not None and delivered_at is not None and delivered_at < dispatched_at:
        doubtful.append(DoubtfulDate("delivered_at", "dispatched_at"))
    return doubtful
