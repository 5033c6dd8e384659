"""Lists of orders of many weeks: whatever index a list walks, it has the orders that pass its
filters, in order, page by page."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from operator import itemgetter
from typing import Any, get_args

import pytest

from oms_ledger.domain.json_values import rfc3339
from oms_ledger.domain.orders.events import (
    OrderArchived,
    OrderCancelled,
    OrderConfirmed,
    OrderTagged,
    OrderUnarchived,
    UnitsDelivered,
    UnitsPacked,
    UnitsShipped,
)
from oms_ledger.domain.orders.lines import Allocation, LineQuantity, OrderLine
from oms_ledger.engine.db import statements
from oms_ledger.kernel import Event, Recorded
from oms_ledger.testing import folded, recorded, replace
from oms_projections.order_status import lists
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import FOR_SKU, OPEN_STATUSES, SORTINGS, Looked, Sort
from oms_projections.order_status.rows import NumberBeginningRow, OrderWeekRow
from oms_projections.order_status.weeks import delivered_facet, week_of
from tests.projections.conftest import Fill, RunQuery
from tests.projections.histories import PLACED_AT, placed

ORDERS = 60
WEEK = timedelta(days=7)

COUNTRIES = {f"o{n}": "FR" if 20 <= n < 30 else "GB" for n in range(ORDERS)}
"""The orders of France lie together, in the middle."""

Item = Mapping[str, Any]
Passes = Callable[[Item], bool]


def is_of_b(order_id: str) -> bool:
    return int(order_id[1:]) % 4 == 1


def delivered(item: Item) -> str:
    return str(item["delivered_at"])


def number_of(n: int) -> str:
    """A few orders have numbers of their own, which sort before and among those of their channel,
    whose counting goes on from one to five digits."""
    if n in OWN_NUMBERS:
        return OWN_NUMBERS[n]
    return f"SHOP-{n * 400:04}" if n >= 22 else f"WEB-{n * 700:04}"


OWN_NUMBERS = {5: "1005", 27: "SHOP-7B", 33: "WEB-2-0001", 50: "A50"}

KEYS: Mapping[Sort, tuple[str, bool]] = {
    "-placed_at": ("placed_at", True),
    "placed_at": ("placed_at", False),
    "-updated_at": ("updated_at", True),
    "updated_at": ("updated_at", False),
    "number": ("order_number", False),
    "total": ("total", False),
}

PERIODS = {
    f"{date}_{side}" for date in ("placed", "updated", "delivered") for side in ("from", "to")
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
    ({"sku": "B"}, lambda o: is_of_b(o["order_id"])),
    (
        {"sku": "B", "channel": "web", "archived": "true"},
        lambda o: is_of_b(o["order_id"]) and o["channel"] == "web" and o["archived"],
    ),
    ({"placed_from": "2025-10-08"}, lambda o: o["placed_at"] >= "2025-10-08"),
    ({"placed_to": "2025-10-08"}, lambda o: o["placed_at"] < "2025-10-09"),
    ({"updated_from": "2026-04-11"}, lambda o: o["updated_at"] >= "2026-04-11"),
    ({"updated_to": "2026-03-03"}, lambda o: o["updated_at"] < "2026-03-04"),
    ({"delivered_from": "2026-06-17"}, lambda o: delivered(o) >= "2026-06-17"),
    ({"delivered_to": "2026-05-18"}, lambda o: "" < delivered(o) < "2026-05-19"),
    (
        {"delivered_from": "2026-04-25", "delivered_to": "2026-06-02", "archived": "false"},
        lambda o: "2026-04-25" <= delivered(o) < "2026-06-03" and not o["archived"],
    ),
    (
        {"placed_from": "2025-08-01", "placed_to": "2026-01-10", "updated_to": "2026-05-02"},
        lambda o: "2025-08-01" <= o["placed_at"] < "2026-01-11" and o["updated_at"] < "2026-05-03",
    ),
    (
        {"placed_from": "2025-08-01", "updated_from": "2026-03-03", "channel": "shop"},
        lambda o: (
            o["placed_at"] >= "2025-08-01"
            and o["updated_at"] >= "2026-03-03"
            and o["channel"] == "Shop"
        ),
    ),
    (
        {"placed_from": "2025-08-01", "delivered_from": "2026-04-25", "on_hold": "false"},
        lambda o: o["placed_at"] >= "2025-08-01" and delivered(o) >= "2026-04-25",
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
        sku = "B" if is_of_b(order_id) else "A"
        event = placed(
            order_id,
            (OrderLine("1", sku, 6, chance.randrange(100, 900), title="Heart"),),
            (Allocation("1", sku, place, 6),),
            at=PLACED_AT - (ORDERS - n) * WEEK,
            channel="Shop" if n >= 22 else "web",
        )
        address = event.terms.shipping_address
        assert address is not None
        address = replace(address, country=COUNTRIES[order_id])
        terms = replace(event.terms, shipping_address=address)
        yield replace(event, number=number_of(n), terms=terms)
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
    if n < 50 and n % 7 and n % 2:
        lines = (LineQuantity("1", 6),)
        yield UnitsPacked(order_id, f"s{n}", "MAN" if 25 <= n < 45 else "LON", lines)
        yield UnitsShipped(order_id, f"s{n}", lines)
        yield UnitsDelivered(order_id, f"s{n}", lines)


def _history() -> list[Recorded]:
    """A day between any two events."""
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


def test_a_sku_with_every_sort(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether its orders are among those that come next, or are gathered."""
    query = fill(_history())
    everything = {o["order_id"]: o for o in query("list_orders", limit="500")["items"]}
    for looked in (Looked(1, 1, 1), Looked(20, 3, 1), Looked(20, 3, ORDERS), FOR_SKU):
        monkeypatch.setattr(lists, "FOR_SKU", looked)
        for sort in KEYS:
            listed = _all_pages(query, sort, {})
            assert _all_pages(query, sort, {"sku": "B"}) == [*filter(is_of_b, listed)], looked
            of_web = [o for o in listed if is_of_b(o) and everything[o]["channel"] == "web"]
            assert _all_pages(query, sort, {"sku": "B", "channel": "web"}) == of_web, looked


def test_every_filter_with_every_sort(fill: Fill) -> None:
    history = _history()
    query = fill(history)
    arrived = {
        r.event.order_id: rfc3339(r.meta.happened_at)
        for r in history
        if isinstance(r.event, UnitsDelivered)
    }
    items = query("list_orders", limit="500")["items"]
    everything = [{**item, "delivered_at": arrived.get(item["order_id"], "")} for item in items]
    assert len(everything) == ORDERS
    for sort, (key, newest) in KEYS.items():
        value = (lambda o: float(o["total"])) if key == "total" else itemgetter(key)
        ordered = sorted(everything, key=lambda o: (value(o), o["order_id"]), reverse=newest)
        for filters, passes in FILTERS:
            expected = [o["order_id"] for o in ordered if passes(o)]
            assert _all_pages(query, sort, filters) == expected, (sort, filters)
            assert not filters.keys() & PERIODS or 0 < len(expected) < ORDERS, filters
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


def test_beginnings_of_numbers_and_weeks_of_delivery_are_kept() -> None:
    """Numbers that do not begin as those of their channel do have one beginning for all."""
    lines = (LineQuantity("1", 6),)
    events: list[Event] = []
    for order_id, number in (
        ("o1", "WEB-0012345"),
        ("o2", "WEB-000001"),
        ("o3", "7-B"),
        ("o4", "WEB-1"),
    ):
        events.append(replace(placed(order_id), number=number))
    events += [
        UnitsPacked("o1", "s1", "LON", lines),
        UnitsShipped("o1", "s1", lines),
        UnitsDelivered("o1", "s1", lines),
    ]
    rows = folded(READ_MODEL, recorded(events))
    beginnings = {(r.facet, r.beginning) for r in rows.of(NumberBeginningRow)}
    by_facet = {"WEB-001", "WEB-00", "WEB-", "7"}
    assert {each for facet, each in beginnings if facet == "country:GB"} == by_facet
    assert {each for facet, each in beginnings if facet == "numbers"} == {"WEB-", ""}
    arrived = {(r.facet, r.date) for r in rows.of(OrderWeekRow) if r.facet.startswith("delivered")}
    assert arrived == {(delivered_facet(week_of(PLACED_AT)), "placed")}


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
