"""The pictures: true to the figures, and within the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from oms_ledger.demo import show
from oms_ledger.demo.shop import LOCATIONS, ORDERS
from oms_ledger.demo.tables import bar, sparkline
from oms_ledger.domain.orders.events import OrderPlaced
from tests.demo.conftest import Shop, empty_shop


def test_a_bar_is_as_long_as_its_share() -> None:
    assert bar(10, 10, 4) == "████"
    assert bar(5, 10, 4) == "██"
    assert bar(3, 8, 4) == "█▌"


def test_a_bar_of_nothing_is_empty_and_one_of_little_is_not() -> None:
    assert bar(0, 10) == ""
    assert bar(0, 0) == ""
    assert bar(1, 100_000) == "▏"


def test_a_curve_leaves_days_without_orders_blank() -> None:
    assert sparkline([0, 1, 4, 8], 8) == " ▁▄█"
    assert sparkline([1, 800], 800) == "▁█"
    assert sparkline([0, 0], 0) == "  "


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_off_in_a_terminal(shop: Shop, width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    show(shop.oms, console, shop.result.position)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width
    orders = sum(r.event.type == OrderPlaced.type for r in shop.log)
    assert orders >= ORDERS
    assert f"{orders} orders, day by day" in text
    for place in LOCATIONS:
        assert f"{place.code}  {place.name}" in text
    for step in ("accepted", "not there", "rejected", "BRISTOL", "handed to the carrier"):
        assert step in text.partition("A day in the warehouse")[2].partition("show order")[0]
    assert "cases to resolve         1" in text


def test_an_empty_ledger_has_a_picture_too(server: str, ready_template: str) -> None:
    with empty_shop(server, ready_template) as (oms, _):
        console = Console(file=io.StringIO(), width=80)
        show(oms, console, 0)
        assert isinstance(console.file, io.StringIO)
        assert "0 orders" in console.file.getvalue()
