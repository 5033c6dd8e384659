"""Figures of orders, payments and returns equal those computed plainly from the events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from oms_ledger.kernel import Recorded
from oms_ledger.testing import MemoryLedger
from tests.history.shop import RandomShop
from tests.projections.conftest import Fill
from tests.projections.order_analytics.plain import Plain

STEPS = 1500
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")
"""Kathmandu is 5:45 h ahead of UTC."""


@pytest.fixture(scope="module")
def history() -> list[Recorded]:
    with MemoryLedger() as ledger:
        shop = RandomShop(5, lambda c: ledger.execute(c).answer, lambda: ledger.now)
        for _ in range(STEPS):
            ledger.now += timedelta(minutes=13)
            shop.step()
        return list(ledger.history())


Rows = dict[str, Mapping[str, Any]]


def compared(rows: Rows, plain: dict[str, dict[str, Any]]) -> None:
    """Every figure that was computed plainly is the same in the answer."""
    assert list(rows) == list(plain)
    for day, figures in plain.items():
        shown = dict(rows[day])
        if "cancellations" in shown:
            fields = ("reason", "actor", "orders", "units")
            each = [tuple(c[f] for f in fields) for c in shown["cancellations"]]
            shown["cancellations"] = set(each)
        if "granted" in figures:
            granted = sum(round(float(a["granted"]) * 100) for a in shown["amounts"])
            shown["granted"] = granted
        assert {name: shown[name] for name in figures} == figures, day


def test_figures_equal_those_of_the_events_in_any_zone(fill: Fill, history: list[Recorded]) -> None:
    query = fill(history)
    for zone in ZONES:
        plain = Plain(history, zone, datetime.now(UTC))
        figures = {
            "order_figures": plain.of_orders(),
            "payment_figures": plain.of_payments(),
            "return_figures": plain.of_returns(),
        }
        for name, expected in figures.items():
            rows = {row["group"]: row for row in query(name, tz=zone)["rows"]}
            compared(rows, expected)
        days = figures["order_figures"]
        assert len(days) > 5
        for name in ("cancelled_units", "held_orders", "edits", "in_full", "on_time"):
            assert sum(day[name] for day in days.values()) > 0, name
        assert sum(day["refunds"] for day in figures["payment_figures"].values()) > 5
        assert sum(day["returned_units"] for day in figures["return_figures"].values()) > 5
