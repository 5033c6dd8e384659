"""Past orders from files, by the program: every order counts once, and a second run writes none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run, postgres, run

__all__ = ["postgres", "run"]


def past(n: int, **more: Any) -> dict[str, Any]:
    return {
        "channel": "web",
        "external_id": f"old-{n}",
        "number": f"SO-{n}",
        "currency": "GBP",
        "placed_at": "2019-12-01T08:00:00Z",
        "lines": [{"sku": "A", "quantity": 1, "unit_price": "2.55"}],
        **more,
    }


def shop(run: Run) -> None:
    run("do", "PutLocation", '{"code": "LON", "name": "London"}')
    run("do", "ReceiveStock", '{"sku": "A", "location": "LON", "quantity": 5}')


def test_lines_are_imported_once_and_refusals_are_listed(run: Run, tmp_path: Path) -> None:
    shop(run)
    lines = [past(1), past(2, stock="update"), past(3, number="SO-1"), {"channel": "web"}, 17]
    file, report = tmp_path / "old.jsonl", tmp_path / "report.json"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\nno JSON\n")
    words = ("import", "past-orders", str(file), "--report", str(report))
    tried = run(*words, "--dry-run", code=1)
    assert "6 orders: 3 could be imported, 0 there already, 3 refused" in tried.stderr
    first = run(*words, code=1)
    assert "6 orders: 2 imported, 0 there already, 4 refused" in first.stderr
    kept = json.loads(report.read_text())
    assert [(each["number"], each["code"]) for each in kept["refused"]] == [
        (4, "invalid_fields"),
        (5, "invalid_fields"),
        (6, "malformed"),
        (3, "number_taken"),
    ]
    assert kept["refused"][-1]["external_id"] == "old-3"
    again = run(*words, code=1)
    assert "6 orders: 0 imported, 2 there already, 4 refused" in again.stderr
    shown = json.loads(run("do", "ReceiveStock", RECEIPT).stdout)
    assert (shown["on_hand"], shown["allocated"]) == (6, 1)


RECEIPT = '{"sku": "A", "location": "LON", "quantity": 1}'


def test_the_body_of_the_route_is_a_file_too(run: Run, tmp_path: Path) -> None:
    shop(run)
    file = tmp_path / "old.json"
    file.write_text(json.dumps({"orders": [past(1), past(2, stock="skip")], "stock": "update"}))
    assert "2 orders: 2 imported" in run("import", "past-orders", str(file)).stderr
    shown = json.loads(run("do", "ReceiveStock", RECEIPT).stdout)
    assert (shown["on_hand"], shown["allocated"]) == (6, 1)


def test_a_file_without_orders_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    file.write_text('{"items": []}')
    assert "list of orders" in run("import", "past-orders", str(file), code=1).stderr
