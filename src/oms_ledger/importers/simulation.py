"""Simulated dates of shipment and delivery, which the file does not have: always the same for an
invoice, and marked as simulated in the events."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zlib import crc32

from oms_ledger.importers.online_retail import LONDON

SHIPPED_AT = time(15, 0)
DELIVERED_AT = time(11, 0)
SATURDAY = 5


class Journey(NamedTuple):
    """Times of dispatch and delivery, UTC."""

    shipped_at: datetime
    delivered_at: datetime


def journey(invoice: str, placed_at: datetime) -> Journey:
    """Shipped on the next working day at 15:00 and delivered two working days later at 11:00,
    London time. One in 20 leaves three working days late; one in 12 is two longer on its way."""
    chance = crc32(invoice.encode())
    wait = 4 if chance % 20 == 0 else 1
    transit = 4 if chance // 20 % 12 == 0 else 2
    shipped = working_days_after(placed_at.astimezone(LONDON).date(), wait)
    delivered = working_days_after(shipped, transit)
    return Journey(_utc(shipped, SHIPPED_AT), _utc(delivered, DELIVERED_AT))


def working_days_after(day: date, days: int) -> date:
    """Monday to Friday; holidays are not known."""
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < SATURDAY
    return day


def _utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, LONDON).astimezone(UTC)
