"""Figures count sensitive orders where there are enough of them that none can be singled out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from oms_ledger.domain.fulfilment.events import ShipmentDispatched
from oms_ledger.domain.orders.lines import OrderLine
from oms_ledger.kernel import Event
from oms_ledger.testing import recorded, replace
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed, shipment

DAY = timedelta(days=1)


def day(number: int, ordinary: int, sensitive: int) -> list[Event]:
    """Shipments of so many orders of a day; those of sensitive orders have ten times the units."""
    at = PLACED_AT + number * DAY
    made: list[Event] = []
    for n in range(ordinary + sensitive):
        name, secret = f"{number}-{n}", n >= ordinary
        units = 10 if secret else 1
        sent = shipment(f"s{name}", f"o{name}", units, "LON" if n % 2 else "MAN", at=at)
        lines = (OrderLine("1", "A", units, 255),)
        made.append(replace(placed(f"o{name}", lines, (), at=at), sensitive=secret))
        made.append(replace(sent, sensitive=secret))
        made.append(ShipmentDispatched(f"s{name}", f"o{name}", None))
    return made


@pytest.fixture
def query(fill: Fill) -> RunQuery:
    """The 1st: 4 ordinary and 3 sensitive orders. The 2nd: 1 and 12. The 3rd: 2 and 20. The 4th:
    5 and none. The 5th: 2 sensitive ones alone."""
    days = ((4, 3), (1, 12), (2, 20), (5, 0), (0, 2))
    return fill(recorded([e for n, counts in enumerate(days) for e in day(n, *counts)]))


def rows(query: RunQuery, least: int, **params: str) -> list[Mapping[str, Any]]:
    body = query("shipping_performance", smallest_count=str(least), **params)
    shown: list[Mapping[str, Any]] = body["rows"]
    return shown


def counted(query: RunQuery, least: int, **params: str) -> list[tuple[Any, Any, Any]]:
    return [(r["orders"], r["units"], r["sensitive_orders"]) for r in rows(query, least, **params)]


def test_days_with_few_sensitive_orders_count_only_the_others(query: RunQuery) -> None:
    """3 and 2 are few, and few together: the next smallest, 12, goes with them."""
    assert counted(query, 11) == [
        (4, 4, None),
        (1, 1, None),
        (22, 202, 20),
        (5, 5, 0),
        (0, 0, None),
    ]


def test_the_reason_for_suppression_is_shown(query: RunQuery) -> None:
    first, _, third, fourth, last = rows(query, 11)
    assert "Fewer than 11 sensitive orders" in first["suppressed"]
    assert (third["suppressed"], fourth["suppressed"]) == (None, None)
    assert last["on_time_ship_rate"] is None
    assert last["order_to_ship_hours"] == {"p50": None, "p90": None, "p95": None}
    assert last["group"] == "2026-01-05"


def test_a_month_has_enough(query: RunQuery) -> None:
    assert counted(query, 11, group_by="month") == [(49, 382, 37)]
    assert counted(query, 38, group_by="month") == [(12, 12, None)]


def test_a_suppressed_count_does_not_follow_from_the_rest(query: RunQuery) -> None:
    """Of two days with 3 and 12, the total less the 12 would be the 3."""
    period = {"from": "2026-01-01", "to": "2026-01-02"}
    assert counted(query, 11, **period) == [(4, 4, None), (1, 1, None)]
    assert counted(query, 3, **period) == [(7, 34, 3), (13, 121, 12)]


def test_what_is_folded_stays_exact(query: RunQuery) -> None:
    assert counted(query, 1)[0] == (7, 34, 3)
    listed = query("list_shipments", limit="500")["items"]
    assert sum(each["sensitive"] for each in listed) == 37
