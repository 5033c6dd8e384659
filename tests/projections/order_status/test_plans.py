"""How PostgreSQL reads lists of orders, without the choice of reading all of a table: there is an
index from which each list is read in its order, beginning where its orders may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import TypeAdapter

from oms_ledger.engine.db.connection import Connection
from oms_ledger.engine.db.statements import on_build
from oms_ledger.engine.rebuild.builds import list_builds
from oms_ledger.testing import recorded
from oms_projections.order_status.fold import READ_MODEL
from oms_projections.order_status.lists import ORDERS, SORTINGS, ListOrders
from tests.databases import Database
from tests.projections.conftest import Fill
from tests.projections.histories import PLACED_AT, placed

WEEK = timedelta(days=7)


@pytest.fixture
def owner(fill: Fill, ready: Database) -> Iterator[Connection]:
    fill(recorded(placed(f"o{n}", at=PLACED_AT + n * WEEK) for n in range(400)))
    with ready.connect_owner() as owner:
        for name in ("seqscan", "bitmapscan", "sort"):
            owner.execute(f"SET enable_{name} = off".encode())
        for kind in READ_MODEL.rows:
            owner.execute(f"VACUUM (ANALYZE) {kind.table}_v{number(owner)}".encode())
        yield owner


def number(owner: Connection) -> int:
    return next(b.number for b in list_builds(owner, READ_MODEL.name) if b.state == "live")


def plan(owner: Connection, **params: str) -> str:
    """The lines of a plan, without the suffixes of tables."""
    name, values = ORDERS.statement(TypeAdapter(ListOrders).validate_python(params))
    given = frozenset(key for key, value in values.items() if value is not None)
    tables = tuple(kind.table for kind in READ_MODEL.rows)
    text = on_build(READ_MODEL.package, name, tables, number(owner), given)
    rows = owner.execute(b"EXPLAIN (COSTS OFF) " + text.encode(), values).fetchall()
    return re.sub(r"_v\d+", "", "\n".join(line for (line,) in rows))


BY_WEEKS = [
    ({"placed_to": "2026-02-01", "sort": "-updated_at"}, "week_updated", "ROW"),
    ({"placed_from": "2026-02-01", "sort": "updated_at"}, "week_updated", "ROW"),
    ({"delivered_to": "2026-02-01", "sort": "updated_at"}, "week_updated", "ROW"),
    ({"placed_from": "2026-02-01", "sort": "number"}, "week_number", "ROW"),
    ({"updated_from": "2026-02-01", "sort": "number"}, "week_number", "ROW"),
]


def test_a_period_is_read_week_by_week(owner: Connection) -> None:
    """In each week in the order of the sort."""
    for params, index, condition in BY_WEEKS:
        text = plan(owner, **params)
        scans = re.findall(rf"using orders_{index} on orders.*\n *Index Cond: (.*)", text)
        assert any("date_bin" in scan and condition in scan for scan in scans), (params, text)


def test_a_walk_begins_at_one_place(owner: Connection) -> None:
    """An index is read from the first of two comparisons with rows, wherever the second is."""
    for sort in SORTINGS:
        text = plan(owner, channel="web", country="GB", sort=sort)
        (condition,) = re.findall(r"on orders(?: o)?\n *Index Cond: (.*)", text)
        assert condition.count("ROW(") == 2, text  # the columns, and what they are compared with


def test_what_another_table_finds_is_sorted_without_the_rows_of_orders(owner: Connection) -> None:
    for sort in SORTINGS:
        text = plan(owner, sku="A", sort=sort)
        assert "Index Only Scan using orders_pkey on orders" in text, text
        assert "Index Only Scan using order_lines_sku on order_lines" in text, text
        text = plan(owner, q="web-0", sort=sort)
        along = re.findall(r"using orders_number on orders.*\n *Index Cond: (.*)", text)
        assert any("beyond" in condition for condition in along), text


def test_no_list_reads_a_whole_table(owner: Connection) -> None:
    owner.execute(b"SET enable_bitmapscan = on")  # for the index of words
    for filters in (
        *({}, {"placed_from": "2026-02-01"}, {"tag": "gift"}, {"late": "true"}),
        *({"sku": "A"}, {"q": "web"}, {"q": "web-01"}, {"channel": "web", "tag": "gift"}),
    ):
        for sort in SORTINGS:
            text = plan(owner, **filters, sort=sort)
            assert "Seq Scan on order" not in text, (filters, sort, text)
