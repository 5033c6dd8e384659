"""Rules tried on past orders, and orders of a place routed anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

LINE = '{"sku": "A", "quantity": 2, "unit_price": "1.00"}'
ORDER = f'{{"channel": "web", "currency": "GBP", "lines": [{LINE}]}}'

GOODS = {"sku": "A"}


@pytest.fixture
def shop(run: Run) -> Run:
    """Two places with stock, of which LON is used first, and two orders."""
    for code, priority in (("LON", 1), ("MAN", 2)):
        place = {"code": code, "name_": code, "priority": priority}
        run("do", "PutLocation", json.dumps(place))
        run(
            "do",
            "ReceiveStock",
            f'{{"sku": "A", "location": "{code}", "quantity": {priority + 3}}}',
        )
    for _ in range(2):
        run("do", "PlaceOrder", ORDER)
    return run


def written(path: Path, *kinds: str) -> str:
    path.write_text(json.dumps({"rules": [{"type": kind} for kind in kinds]}))
    return str(path)


def test_rules_are_compared_with_what_was_done(shop: Run, tmp_path: Path) -> None:
    stock = written(tmp_path / "stock.json", "highest_stock")
    first = written(tmp_path / "first.json", "priority")
    words = ("routing", "backtest", "--rules", stock, "--rules", first, "--channel", "web")
    answer: Any = json.loads(shop(*words, "--json").stdout)
    places = {name: each["locations"] for name, each in answer["by_rules"].items()}
    assert answer["done"]["locations"] == places["first"]
    assert [each["location"] for each in places["stock"]] == ["LON", "MAN"]
    table = shop(*words).stderr
    assert "split rate" in table
    assert "stock" in table
    assert "without stock" not in table


def test_the_table_has_the_number_of_orders_left_out(shop: Run, tmp_path: Path) -> None:
    old = {"external_id": "old", "placed_at": "2020-01-01T00:00:00Z"}
    shop("do", "ImportOrder", json.dumps({**json.loads(ORDER), **old}))
    rules = written(tmp_path / "rules.json", "priority")
    table = shop("routing", "backtest", "--rules", rules).stderr
    assert "1 orders were imported without stock and are left out" in " ".join(table.split())


def test_a_period_is_days_or_times(shop: Run, tmp_path: Path) -> None:
    rules = written(tmp_path / "rules.json", "priority")
    none = shop("routing", "backtest", "--rules", rules, "--to", "2020-01-01", "--json")
    assert json.loads(none.stdout)["done"]["orders"] == 0
    all_of_it = shop("routing", "backtest", "--rules", rules, "--from", "2020-01-01", "--json")
    assert json.loads(all_of_it.stdout)["done"]["orders"] == 2
    wrong = shop("routing", "backtest", "--rules", rules, "--from", "17", code=2)
    assert "not a position" in wrong.stderr


def test_files_that_are_no_rules_are_refused(shop: Run, tmp_path: Path) -> None:
    for content in ("{", "{}", '[{"type": "moon"}]', '[{"type": "cost"}]'):
        (tmp_path / "rules.json").write_text(content)
        shop("routing", "backtest", "--rules", str(tmp_path / "rules.json"), code=2)
    (tmp_path / "rules.json").write_text('[{"type": "plugin", "plugin": "none"}]')
    shop("routing", "backtest", "--rules", str(tmp_path / "rules.json"), code=3)


def test_orders_of_a_place_move_as_far_as_others_have_stock(shop: Run) -> None:
    shop("do", "PutLocation", '{"code": "LON", "name_": "LON", "closed": true}')
    shop("do", "AdjustStock", '{"sku": "A", "location": "MAN", "set_to": 2, "reason": "count"}')
    moved: Any = json.loads(shop("routing", "reroute", "--location", "LON", "--json").stdout)
    assert (len(moved["moved"]), list(moved["stayed"].values())) == (1, ["insufficient_stock"])
    again = shop("routing", "reroute", "--location", "LON")
    assert "0 orders routed anew." in again.stdout
    assert "stays: insufficient_stock" in again.stdout
    waits: Any = shop("routing", "reroute", "--location", "LON", "--backorder", "--json").stdout
    assert len(json.loads(waits)["moved"]) == 1
