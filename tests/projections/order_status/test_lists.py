"""Lists of orders of many weeks: whatever index a list walks, it has the orders that pass its
filters, in order, page by page."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any, get_args

import pytest

from oms_ledger.domain.orders.events import (
    OrderArchived,
    OrderCancelled,
    OrderConfirmed,
    OrderTagged,
    OrderUnarchived,
)
from oms_ledger.domain.orders.lines import Allocation, LineQuantity, OrderLine
from oms_ledger.engine.db import statements
from oms_ledger.kernel import Event, Recorded
from oms_ledger.testing import folded, recorded, replace
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import OPEN_STATUSES, SORTINGS, Sort
from oms_projections.order_status.rows import OrderWeekRow
from oms_projections.order_status.weeks import week_of
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed

ORDERS = 60
WEEK = timedelta(days=7)

COUNTRIES = {f"o{n}": "FR" if 20 <= n < 30 else "GB" for n in range(ORDERS)}
"""The orders of France lie together, in the middle."""

Item = Mapping[str, Any]
Passes = Callable[[Item], bool]

KEYS: Mapping[Sort, tuple[str, bool]] = {
    "-placed_at": ("placed_at", True),
    "placed_at": ("placed_at", False),
    "-updated_at": ("updated_at", True),
    "updated_at": ("updated_at", False),
    "number": ("order_number", False),
    "total": ("total", False),
}

FILTERS: list[tuple[dict[str, str], Passes]] = [
    ({"channel": "web"}, lambda o: o["channel"] == "web"),
    ({"channel": "SHOP"}, lambda o: o["channel"] == "Shop"),
    ({"channel": "shop,web"}, lambda o: True),
    ({"channel": "nobody"}, lambda o: False),
    ({"country": "FR"}, lambda o: COUNTRIES[o["order_id"]] == "FR"),
    ({"country": "FR,GB"}, lambda o: True),
    ({"location": "MAN"}, lambda o: "MAN" in o["locations"]),
    ({"tag": "gift"}, lambda o: "gift" in o["tags"]),
    ({"tag": "gift,late"}, lambda o: bool(o["tags"])),
    ({"archived": "true"}, lambda o: o["archived"]),
    ({"archived": "false"}, lambda o: not o["archived"]),
    ({"status": "pending"}, lambda o: o["status"]["order"] == "pending"),
    ({"status": "pending,cancelled"}, lambda o: o["status"]["order"] in ("pending", "cancelled")),
    ({"fulfilment": "unfulfilled"}, lambda o: o["status"]["fulfilment"] == "unfulfilled"),
    (
        {"country": "FR", "tag": "gift", "channel": "shop", "location": "MAN", "archived": "false"},
        lambda o: (
            COUNTRIES[o["order_id"]] == "FR"
            and "gift" in o["tags"]
            and o["channel"] == "Shop"
            and "MAN" in o["locations"]
            and not o["archived"]
        ),
    ),
    (
        {"updated_from": "2026-03-01", "updated_to": "2026-03-20"},
        lambda o: "2026-03-01" <= o["updated_at"] < "2026-03-21",
    ),
    (
        {"placed_from": "2025-06-01", "placed_to": "2025-06-20"},
        lambda o: "2025-06-01" <= o["placed_at"] < "2025-06-21",
    ),
]


def _orders(chance: random.Random) -> Iterator[Event]:
    for n in range(ORDERS):
        order_id = f"o{n}"
        place = "MAN" if 25 <= n < 45 else "LON"
        event = placed(
            order_id,
            (OrderLine("1", "A", 6, chance.randrange(100, 900), title="Heart"),),
            (Allocation("1", "A", place, 6),),
            at=PLACED_AT - (ORDERS - n) * WEEK,
            channel="Shop" if n >= 22 else "web",
        )
        address = event.terms.shipping_address
        assert address is not None
        address = replace(address, country=COUNTRIES[order_id])
        yield replace(event, terms=replace(event.terms, shipping_address=address))
    for n in chance.sample(range(ORDERS), ORDERS):
        yield from _later(f"o{n}", n)


def _later(order_id: str, n: int) -> Iterator[Event]:
    if n < 50:
        yield OrderConfirmed(order_id)
    if n % 7 == 0:
        yield OrderCancelled(order_id, "customer", None, (LineQuantity("1", 6),))
    if n % 3 == 0:
        yield OrderTagged(order_id, ("gift",) if n > 15 else ("late",))
    if n < 30:
        yield OrderArchived(order_id)
    if n == 10:
        yield OrderUnarchived(order_id)


def _history() -> list[Recorded]:
    """Three days between any two events."""
    return [
        replace(r, meta=replace(r.meta, recorded_at=r.meta.recorded_at + n * WEEK / 7))
        for n, r in enumerate(recorded(_orders(random.Random(1))))
    ]


def _all_pages(query: RunQuery, sort: Sort, filters: Mapping[str, str]) -> list[str]:
    listed: list[str] = []
    more: dict[str, str] = {}
    while True:
        body = query("list_orders", sort=sort, limit="7", **filters, **more)
        listed += [item["order_id"] for item in body["items"]]
        if body["next_cursor"] is None:
            return listed
        more = {"cursor": body["next_cursor"]}


def test_every_filter_with_every_sort(fill: Fill) -> None:
    query = fill(_history())
    everything = query("list_orders", limit="500")["items"]
    assert len(everything) == ORDERS
    for sort, (key, newest) in KEYS.items():
        value = (lambda o: float(o["total"])) if key == "total" else itemgetter(key)
        ordered = sorted(everything, key=lambda o: (value(o), o["order_id"]), reverse=newest)
        for filters, passes in FILTERS:
            expected = [o["order_id"] for o in ordered if passes(o)]
            assert _all_pages(query, sort, filters) == expected, (sort, filters)
    assert set(KEYS) == set(SORTINGS) == set(get_args(Sort))


def test_weeks_of_an_order_are_kept() -> None:
    """By both dates, once each, with what it had in them."""
    times = [PLACED_AT, PLACED_AT + 2 * WEEK, PLACED_AT + 3 * WEEK]
    history = recorded([placed(), OrderTagged("o1", ("gift",)), OrderTagged("o1", (), ("gift",))])
    rows = folded(
        READ_MODEL,
        [
            replace(r, meta=replace(r.meta, recorded_at=at))
            for r, at in zip(history, times, strict=True)
        ],
    ).of(OrderWeekRow)
    weeks = [week_of(at) for at in times]
    of_channel = {(r.date, r.week) for r in rows if r.facet == "channel:web"}
    of_tag = {(r.date, r.week) for r in rows if r.facet == "tag:gift"}
    assert of_channel == {("placed", weeks[0]), *(("updated", week) for week in weeks)}
    assert of_tag == {("placed", weeks[0]), ("updated", weeks[1])}
    assert {r.facet for r in rows} == {"channel:web", "tag:gift", "location:LON", "country:GB"}


@pytest.mark.parametrize(("name", "statuses"), OPEN_STATUSES.items())
def test_open_statuses_are_those_of_the_index(name: str, statuses: frozenset[str]) -> None:
    listed = ", ".join(f"'{status}'" for status in sorted(statuses))
    for text in (
        statements.source(READ_MODEL, "table.sql"),
        statements.source(READ_MODEL, "queries.sql"),
    ):
        conditions = {
            ", ".join(sorted(condition.partition(")")[0].split(", ")))
            for condition in text.split(f"{name} IN (")[1:]
        }
        assert listed in conditions
