"""Texts that customers and other programs wrote are printed as they are: no markup counts in them,
and nothing in them steers the terminal."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from oms_ledger.cli import terminal
from oms_ledger.cli.terminal import plain_console, print_line, printable
from tests.architecture.sources import sources
from tests.cli.conftest import Run
from tests.importers.files import line, written

REASON = "[/urgent] ring first :bell:"
SKU = "shirt[red]"
STEERING = "\x1b]0;title\x07\x1b[2J\x9b31m\r\x00\u202egnp"
"""Sets the title, empties the screen, colours, returns to the margin, turns the direction."""

PRINTED = "]0;title[2J31mgnp"
"""What is left of it."""


def printed(*texts: str | Text | Table | Panel) -> str:
    console = plain_console()
    console.file = io.StringIO()
    for each in texts:
        console.print(each)
    return console.file.getvalue()


def test_a_console_prints_texts_as_they_are() -> None:
    table = Table(REASON, title=SKU, caption=STEERING)
    table.add_row(REASON)
    table.add_row(STEERING)
    lines = printed(REASON, SKU, Text(REASON), Panel(REASON), table)
    assert lines.count(REASON) == 5
    assert lines.count(SKU) == 2
    assert lines.count(PRINTED) == 2


def test_nothing_printed_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(STEERING, title=STEERING)
    table.add_row(STEERING)
    shown = printed(STEERING, Text(STEERING), Panel(STEERING), table)
    assert shown.count(PRINTED) == 6
    assert printable(shown) == shown
    print_line(f"a\tb {STEERING}")
    assert capsys.readouterr().out == f"a\tb {PRINTED}\n"
    assert printable("Grüße, 東京 \u200d🙂\n") == "Grüße, 東京 \u200d🙂\n"


def test_styles_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert printed(Text("good", "bold")) == "\x1b[1mgood\x1b[0m\n"


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """No line of a table is wrapped."""
    monkeypatch.setattr(terminal.out, "width", 250)


@pytest.fixture
def shop(run: Run, wide: None) -> Run:
    run("do", "PutLocation", '{"code": "LEEDS", "name": "Leeds"}')
    stock = {"sku": SKU, "location": "LEEDS", "quantity": 5, "reference": REASON}
    run("do", "ReceiveStock", json.dumps(stock))
    lines = [{"sku": SKU, "quantity": 2, "unit_price": "11.50"}]
    placed = {"channel": "web", "currency": "GBP", "confirm": True, "lines": lines}
    order_id = json.loads(run("do", "PlaceOrder", json.dumps(placed)).stdout)["order_id"]
    run("do", "HoldOrder", json.dumps({"order_id": order_id, "reason": REASON}))
    return run


def test_an_order_and_its_stock_are_shown_as_they_are_written(shop: Run) -> None:
    order = shop("show", "order", "WEB-000001").stdout
    assert REASON in order
    assert SKU in order
    assert "on hold" in order
    stock = shop("show", "stock", SKU).stdout
    assert REASON in stock
    for words in (("replay", "sku", SKU), ("diff", "sku", SKU, "0", "8")):
        assert SKU in shop(*words).stdout
    assert REASON in shop("replay", "order", "WEB-000001").stdout


def test_errors_repeat_what_was_typed(run: Run) -> None:
    assert repr(REASON) in run("show", "order", REASON, code=4).stderr
    assert "[/x]" in run("do", "[/x]", code=4).stderr
    assert "[/x]" in run("[/x]", code=2).stderr
    assert "[/x]" in run("replay", "all", "--until", "[/x]", code=2).stderr
    assert "\x1b" not in run("do", "\x1b[2J", code=4).stderr


def test_names_of_keys_do_not_steer_the_terminal(run: Run, wide: None) -> None:
    name = STEERING.replace("\x00", "")
    run("keys", "create", name)
    for shown in (run("keys", "list").stdout, run("keys", "revoke", name).stderr):
        assert PRINTED in shown
        assert printable(shown) == shown
    (key,) = json.loads(run("keys", "list", "--json").stdout)
    assert key["name"] == name, "programs get it as it is"


def test_an_import_with_markup_in_the_file_ends_well(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path / "rows.csv", [line("1", SKU, 1, country="Land [/of] Oz")])
    ended = run("import", "orders", str(file), "--format", "online-retail")
    assert "Land [/of] Oz (1 rows)" in ended.stderr


def test_every_command_prints_through_the_terminal() -> None:
    """The consoles and `print_line` are where texts are made harmless."""
    others = [s for s in sources("src/oms_ledger/cli") if not s.path.endswith("/terminal.py")]
    for pattern in (r"\bConsole\(", r"markup=True", r"from_markup", r'print\(f?"[^"]*\[/\]'):
        assert [s.path for s in others if re.search(pattern, s.text)] == [], pattern
