"""Answers about alerts of stock, as types."""

from __future__ import annotations

from typing_extensions import TypedDict

from oms_ledger.domain.text_kinds import Harmless, Sku


class StockAlertAnswer(TypedDict):
    """Stock is `low` where `threshold` units or fewer can be sold: at a location, for a channel, or
    where both are null at all open locations."""

    location: Harmless | None
    channel: Harmless | None
    threshold: int
    low: bool


class StockAlertsAnswer(TypedDict):
    sku: Sku
    alerts: list[StockAlertAnswer]
    sensitive: bool
    version: int


class StockAlertRowAnswer(StockAlertAnswer):
    """`available` and `crossed_at` are of the newest crossing, null where there was none."""

    sku: Sku
    available: int | None
    crossed_at: Harmless | None
    sensitive: bool


class StockAlertRowsAnswer(TypedDict):
    items: list[StockAlertRowAnswer]
    next_cursor: Harmless | None
