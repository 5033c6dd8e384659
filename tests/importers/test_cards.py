"""A file with card numbers in it: those rows stay out, the others come in, none is repeated."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from oms_ledger.app import open_oms
from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.online_retail import COLUMNS, MalformedRow, Skip, parse, read
from oms_ledger.importers.run import ImportOptions, import_file
from oms_ledger.privacy import cards
from tests.databases import Database
from tests.importers.files import line, written
from tests.privacy.search import rows_with

PAN = "4111 1111 1111 1111"
DIGITS = PAN.replace(" ", "")
FINE = ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7.0", "EIRE"]


def planted(column: int, text: str) -> list[str]:
    return [*FINE[:column], text, *FINE[column + 1 :]]


@pytest.mark.parametrize("text", [PAN, DIGITS, f"paid by {PAN}", "cvv 123", f"{DIGITS}.0"])
@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
def test_in_any_column(column: int, text: str) -> None:
    row = parse(3, planted(column, text))
    assert isinstance(row, MalformedRow)
    assert row.because is Skip.CARD_DATA
    assert text not in row.why
    assert "1111" not in row.why
    assert not isinstance(parse(3, FINE), MalformedRow)


def test_a_first_row_instead_of_a_heading_is_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(",".join(planted(2, DIGITS)) + "\n")
    with pytest.raises(Invalid, match="does not begin") as error:
        list(read(file))
    assert "1111" not in error.value.detail


def test_rows_with_cards_are_left_out_and_reported(
    postgres: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        line("1", "MUG", 1),
        line("1", "MUG", 2, title=f"visa {PAN}"),
        line(DIGITS, "MUG", 3),
        line("2", "MUG", 4, country=DIGITS),
        line("5", "MUG", -1, "0", "", title=DIGITS),
    ]
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    with open_oms(postgres.settings) as oms:
        report = import_file(oms, written(tmp_path / "f.csv", rows), ImportOptions(True), console)
        report.show(console)
    assert report.applied == {"sale": 1}
    assert [(row.row, row.because) for row in report.skipped_rows] == [
        (n, "card_data") for n in (2, 3, 4, 5)
    ]
    assert report.balances
    account = json.dumps(report.to_json())
    assert "Description holds what looks like card data" in account
    for text in (account, shown.getvalue(), report.path.read_text()):
        assert "1111" not in text
    assert not [table for text in (DIGITS, PAN) for table in rows_with(postgres, text)]


def test_the_check_in_the_file_is_what_keeps_them_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the rule away, the row would be an order's line."""
    monkeypatch.setattr(cards, "refuse", lambda value: None)
    assert not isinstance(parse(3, planted(2, f"note {DIGITS}")), MalformedRow)
