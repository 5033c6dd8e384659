"""The history by command line: replayed, and compared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_commands import FIVE_MUGS, LEEDS, ORDER


@pytest.fixture
def shop(run: Run) -> Run:
    """1 location, 2 product, 3 stock, 4 number, 5 order, 6 its stock, 7 confirmed, 8 stock."""
    run("do", "PutLocation", LEEDS)
    run("do", "ReceiveStock", FIVE_MUGS)
    customer = ORDER.replace('"currency"', '"customer": {"id": "C7"}, "currency"')
    run("do", "PlaceOrder", customer)
    run("do", "ReceiveStock", FIVE_MUGS)
    return run


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_order_is_replayed_by_any_of_its_ids(shop: Run) -> None:
    history = shop("replay", "order", "WEB-000001").stdout
    assert "Order placed through web: 1 line, 23.00 GBP" in history
    assert "status.order: pending -> confirmed" in history
    assert "allocated: 0 -> 2" in history
    order_id = lines(shop("replay", "order", "1001", "--json").stdout)[1]["data"]["order_id"]
    assert shop("replay", "order", order_id).stdout == history
    assert shop("replay", "customer", "C7").stdout == history


def test_the_whole_log_is_replayed_one_event_a_line(shop: Run) -> None:
    history = lines(shop("replay", "all", "--json").stdout)
    assert [each["position"] for each in history] == list(range(1, 9))
    assert {"actor", "command", "causation_id", "words", "effects"} <= history[0].keys()
    assert shop("replay", "all").stdout == shop("replay", "all").stdout
    assert len(lines(shop("replay", "all", "--json", "--until", "3").stdout)) == 3
    until = history[2]["recorded_at"]
    assert len(lines(shop("replay", "all", "--json", "--until", until).stdout)) == 3


def test_a_sku_is_replayed(shop: Run) -> None:
    history = lines(shop("replay", "sku", "MUG", "--json").stdout)
    assert [each["position"] for each in history] == [2, 3, 6, 8]
    assert history[-1]["effects"] == [{"field": "on_hand", "before": 5, "after": 10}]


def test_an_unknown_id_or_position_is_refused(shop: Run) -> None:
    for what in ("order", "sku", "customer"):
        assert shop("replay", what, "nothing", code=4).stdout == ""
    assert "until" in shop("replay", "all", "--until", "soon", code=2).stderr
    assert "at position 8" in shop("replay", "all", "--until", "9", code=2).stderr


def test_what_changed_of_an_order(shop: Run) -> None:
    differences = json.loads(shop("diff", "order", "1001", "5", "8", "--json").stdout)
    changed = {each["field"]: (each["before"], each["after"]) for each in differences["changes"]}
    assert changed["status.order"] == ("pending", "confirmed")
    assert changed["version"] == (1, 2)
    assert "total" not in changed
    assert [each["position"] for each in differences["events"]] == [6, 7]
    shown = shop("diff", "order", "1001", "5", "8").stdout
    assert "status.order: pending -> confirmed" in shown
    assert "Order confirmed" in shown
    born = json.loads(shop("diff", "order", "1001", "1", "5", "--json").stdout)
    assert {"field": "total", "before": None, "after": "23.00"} in born["changes"]


def test_what_changed_of_a_sku(shop: Run) -> None:
    differences = json.loads(shop("diff", "sku", "MUG", "3", "8", "--json").stdout)
    changed = {each["field"]: (each["before"], each["after"]) for each in differences["changes"]}
    assert changed["on_hand"] == (5, 10)
    assert changed["locations.LEEDS.allocated"] == (0, 2)
    assert [each["position"] for each in differences["events"]] == [6, 8]


def test_moments_to_compare_must_come_in_order_and_have_something(shop: Run) -> None:
    assert "earlier moment first" in shop("diff", "sku", "MUG", "8", "3", code=2).stderr
    assert "nothing of that name" in shop("diff", "order", "1001", "1", "2", code=4).stderr
