"""What is promised to a buyer who was not promised anything particular."""

from __future__ import annotations

from datetime import datetime, timedelta

from oms_ledger.domain.orders.terms import OrderTerms

STANDARD = (timedelta(hours=48), timedelta(days=5))
PROMISES = {"standard": STANDARD, "express": (timedelta(hours=24), timedelta(days=2))}
"""Shipping service: time until it ships, and from then until it is delivered."""


def promise(service: str | None, placed_at: datetime) -> tuple[datetime, datetime]:
    """Ship by, deliver by. A service nobody has defined is promised like the standard one."""
    to_ship, to_deliver = PROMISES.get(service or "standard", STANDARD)
    return placed_at + to_ship, placed_at + to_ship + to_deliver


def promise_by_service(terms: OrderTerms, placed_at: datetime) -> tuple[datetime, datetime]:
    """By when an order ships and is delivered by its shipping service, whatever was agreed."""
    service = terms.shipping.service if terms.shipping else None
    return promise(service, max(placed_at, terms.fulfil_at or placed_at))


def promised_times(terms: OrderTerms, placed_at: datetime) -> tuple[datetime, datetime]:
    """By when an order is to be shipped, and to be delivered."""
    ship_by, deliver_by = promise_by_service(terms, placed_at)
    return terms.promised_ship_at or ship_by, terms.promised_delivery_at or deliver_by
