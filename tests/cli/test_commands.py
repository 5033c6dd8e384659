"""Commands and queries by command line."""

from __future__ import annotations

import json

import pytest

from oms_commands import COMMANDS
from tests.cli.conftest import Run

LEEDS = '{"code": "LEEDS", "name": "Leeds"}'
FIVE_MUGS = '{"sku": "MUG", "location": "LEEDS", "quantity": 5, "reference": "PO-7"}'
ORDER = (
    '{"channel": "web", "external_id": "1001", "currency": "GBP", "confirm": true,'
    ' "lines": [{"sku": "MUG", "quantity": 2, "unit_price": "11.50"}]}'
)


@pytest.fixture
def shop(run: Run) -> Run:
    run("do", "PutLocation", LEEDS)
    run("do", "ReceiveStock", FIVE_MUGS)
    run("do", "PlaceOrder", ORDER)
    return run


def test_do_lists_every_command(run: Run) -> None:
    listed = run("do").stdout
    assert all(name in listed for name in COMMANDS)


def test_an_order_is_placed_shown_and_explained(shop: Run) -> None:
    order = json.loads(shop("show", "order", "WEB-000001", "--json").stdout)
    assert order["status"]["order"] == "confirmed"
    assert order["lines"][0]["allocated"] == 2
    assert [item["text"] for item in order["timeline"]][1] == "2 x MUG allocated at LEEDS"
    shown = shop("show", "order", "1001").stdout
    assert "WEB-000001" in shown
    assert "23.00 GBP" in shown
    assert "Order confirmed" in shown


def test_an_order_is_shown_as_it_stood(shop: Run) -> None:
    now = json.loads(shop("show", "order", "1001", "--json").stdout)
    placed = now["timeline"][0]["position"]
    then = json.loads(shop("show", "order", "1001", "--as-of", str(placed), "--json").stdout)
    assert then["status"]["order"] == "pending"


def test_stock_is_shown_with_its_causes(shop: Run) -> None:
    stock = json.loads(shop("show", "stock", "MUG", "--json").stdout)
    assert (stock["on_hand"], stock["allocated"], stock["available"]) == (5, 2, 3)
    assert [move["kind"] for move in stock["movements"]] == ["allocated", "received"]
    assert "PO-7" in shop("show", "stock", "MUG").stdout


def test_a_dry_run_shows_the_events_and_writes_none(shop: Run) -> None:
    body = ORDER.replace("1001", "1002")
    events = json.loads(shop("do", "PlaceOrder", body, "--dry-run").stdout)["events"]
    assert [event["type"] for event in events][:2] == [
        "channel.order_numbered.v1",
        "order.placed.v1",
    ]
    assert shop("show", "order", "1002", code=4).stdout == ""


def test_fields_may_come_from_standard_input(shop: Run) -> None:
    done = shop("do", "ReceiveStock", "-", standard_input=FIVE_MUGS)
    assert json.loads(done.stdout)["on_hand"] == 10


def test_a_key_makes_it_happen_once(shop: Run) -> None:
    for _ in range(2):
        done = shop("do", "ReceiveStock", FIVE_MUGS, "--key", "delivery-9")
        assert json.loads(done.stdout)["on_hand"] == 10
    other = FIVE_MUGS.replace("5", "6", 1)
    assert (
        "used for a different request"
        in shop("do", "ReceiveStock", other, "--key", "delivery-9", code=1).stderr
    )


def test_a_refusal_names_the_line_and_exits_with_3(shop: Run) -> None:
    body = ORDER.replace("1001", "1003").replace('"quantity": 2', '"quantity": 9')
    error = shop("do", "PlaceOrder", body, code=3).stderr
    assert "insufficient_stock" in error
    assert "requested: 9, available: 3" in error


def test_a_wrong_field_is_named_with_its_remedy(run: Run) -> None:
    error = run("do", "ReceiveStock", '{"sku": "A"}', code=2).stderr
    assert "field: location" in error
    assert "field: quantity" in error


def test_the_error_for_an_unknown_command_names_the_list_of_commands(run: Run) -> None:
    assert "`oms-ledger do` lists them" in run("do", "MakeTea", code=4).stderr
