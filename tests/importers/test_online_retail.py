"""What each kind of row means, and how an invoice is put together."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from oms_ledger.domain.errors import Invalid
from oms_ledger.importers.countries import ISO_CODES, iso_code
from oms_ledger.importers.online_retail import (
    FileRow,
    MalformedRow,
    Skip,
    Use,
    classify,
    invoices,
    is_service,
    parse,
    read,
)
from oms_ledger.importers.opening_stock import opening_stock
from oms_ledger.importers.returns import Match, Sales
from oms_ledger.importers.simulation import journey, working_days_after
from oms_ledger.importers.survey import survey

HEADING = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def row(
    invoice: str = "1",
    sku: str = "A1",
    quantity: int = 1,
    price: str = "1.00",
    customer: str | None = "7",
    number: int = 1,
    at: str = "2011-01-04 10:00:00",
) -> FileRow:
    fields = [invoice, sku, "Thing", str(quantity), at, price, customer or "", "EIRE"]
    parsed = parse(number, fields)
    assert isinstance(parsed, FileRow)
    return parsed


@pytest.mark.parametrize(
    ("line", "invoice_has_price", "meaning"),
    [
        (row(), True, Use.SALE),
        (row(price="0.001"), True, Use.SALE),
        (row(price="0.0"), False, Use.GIFT),
        (row(price="0.0", customer=None), True, Use.GIFT),
        (row(price="0.0", customer=None), False, Use.STOCK_FOUND),
        (row(sku="POST", price="0.0", customer=None), False, Skip.ADJUSTMENT_WITHOUT_GOODS),
        (row(quantity=-1, price="0.0", customer=None), False, Use.WRITE_OFF),
        (row(sku="DOT", quantity=-1, price="0.0"), False, Skip.ADJUSTMENT_WITHOUT_GOODS),
        (row(quantity=-1), True, Skip.NEGATIVE_SALE),
        (row(invoice="C1", quantity=-1), True, Use.RETURN),
        (row(invoice="C1", quantity=-1, price="0"), False, Use.RETURN),
        (row(invoice="C1", sku="M", quantity=-1), True, Skip.CREDIT_WITHOUT_GOODS),
        (row(invoice="C1"), True, Skip.POSITIVE_CREDIT),
        (row(invoice="A1", sku="B", price="-9.99"), True, Skip.BAD_DEBT),
        (row(price="-1"), True, Skip.NEGATIVE_PRICE),
        (row(quantity=0), True, Skip.NO_QUANTITY),
    ],
)
def test_what_a_row_means(line: FileRow, invoice_has_price: bool, meaning: Use | Skip) -> None:
    assert classify(line, invoice_has_price) == meaning


def test_a_row_is_read_as_it_is_written() -> None:
    summer = row(at="2011-07-01 08:26:00", price="2.55", customer="17850.0")
    assert summer.at == datetime(2011, 7, 1, 7, 26, tzinfo=UTC)
    assert summer.customer == "17850"
    assert (summer.price, summer.price_minor, summer.is_rounded) == (Decimal("2.55"), 255, False)
    assert (row(price="0.001").price_minor, row(price="0.001").is_rounded) == (0, True)
    assert row(price="0.005").price_minor == 1
    assert row(at="2011-01-04 10:00:00").at.hour == 10


@pytest.mark.parametrize(
    "fields",
    [
        ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7"],
        ["", "A1", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "one", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "yesterday", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "free", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "NaN", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "1000001", "7", "EIRE"],
        ["1", "A1", "Thing", "1000001", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "0001-01-01", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "9999-12-31 23:59:59", "1.00", "7", "EIRE"],
        ["1", "A" * 101, "Thing", "1", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "A\x07", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7", "EIRE"],
        ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7" * 101, "EIRE"],
    ],
)
def test_an_unreadable_row_is_reported_with_its_reason(fields: list[str]) -> None:
    parsed = parse(3, fields)
    assert isinstance(parsed, MalformedRow)
    assert parsed.number == 3
    assert parsed.why


FINE = ["1", "A1", "Thing", "1", "2011-01-04 10:00:00", "1.00", "7", "EIRE"]


NO_NUMBERS = ("", "-", "+5", " 5", "5 ", "1_000", "1,000", "1e2", "\u0663", "\uff15", "9" * 5000)
NO_PRICES = (*NO_NUMBERS, "1_0.00", " 1.00", "1,00", ".5", "5.", "Infinity", "\u0663.00")
NO_TIMES = (
    "",
    "20110104T100000",
    "2011-W01-2",
    "2011-1-4 10:00:00",
    "2011-01-04 10",
    "2011-01-04x10:00:00",
    " 2011-01-04 10:00:00",
    "2011-01-04 10:00:00 ",
    "\uff12011-01-04 10:00:00",
    "2011-02-30 10:00:00",
    "2011-01-04 25:00:00",
)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *((3, text) for text in (*NO_NUMBERS, "5.0")),
        *((4, text) for text in NO_TIMES),
        *((5, text) for text in NO_PRICES),
    ],
)
def test_numbers_and_times_are_read_strictly(column: int, text: str) -> None:
    """Python's own readers take underscores, blanks, exponents and digits of other scripts."""
    assert isinstance(parse(1, FINE), FileRow)
    assert isinstance(parse(1, [*FINE[:column], text, *FINE[column + 1 :]]), MalformedRow)


def test_services_whatever_their_case() -> None:
    assert all(is_service(code) for code in ("POST", "m", "M", "gift_0001_20", "BANK CHARGES"))
    assert not any(is_service(code) for code in ("85123A", "PADS", "DCGS0003", "MUG"))


def test_an_invoice_is_whole_however_it_lies_in_the_file() -> None:
    rows: list[FileRow | MalformedRow] = [
        row("1", number=1, at="2011-01-04 10:05:00"),
        row("2", number=2),
        MalformedRow(3, "torn"),
        row("1", number=4, at="2011-01-04 10:00:00"),
    ]
    items = list(invoices(iter(rows), survey(rows).last))
    assert [i.number if not isinstance(i, MalformedRow) else i.why for i in items] == [
        "2",
        "torn",
        "1",
    ]
    whole = items[-1]
    assert not isinstance(whole, MalformedRow)
    assert [r.number for r in whole.rows] == [1, 4]
    assert whole.at == datetime(2011, 1, 4, 10, 0, tzinfo=UTC)


def test_plain_and_gzipped_are_the_same(tmp_path: Path) -> None:
    text = HEADING + "\n1,A1,Thing,1,2011-01-04 10:00:00,1.00,7.0,EIRE\n"
    plain, zipped = tmp_path / "orders.csv", tmp_path / "orders.csv.gz"
    plain.write_text(text)
    zipped.write_bytes(gzip.compress(text.encode()))
    assert list(read(plain)) == list(read(zipped)) == [row()]


@pytest.mark.slow
def test_a_line_without_an_end_takes_a_bounded_memory(tmp_path: Path) -> None:
    """A gzip file of 100 kB that unfolds into a line of 100 MB; the rows around it are read."""
    text = f"{HEADING}\n"
    sold = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom\n"
    packed = tmp_path / "packed.csv.gz"
    with gzip.open(packed, "wb") as file:
        file.write((text + sold).encode())
        for _ in range(100):
            file.write(b"a" * 1_000_000)
        file.write(b"\n" + sold.encode())
    assert packed.stat().st_size < 200_000
    tracemalloc.start()
    first, long, last = read(packed)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(first, FileRow)
    assert isinstance(long, MalformedRow)
    assert isinstance(last, FileRow)
    assert last.number == 3
    assert peak < 5_000_000
    with gzip.open(packed, "wb") as file:
        file.write(b"a" * 1_000_000)
    with pytest.raises(Invalid, match="does not begin with the columns"):
        list(read(packed))


def test_another_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(Invalid, match="with exactly these columns"):
        list(read(file))
    with pytest.raises(Invalid, match="cannot be read"):
        list(read(tmp_path / "missing.csv"))


def test_a_return_is_held_against_the_latest_sales() -> None:
    sales = Sales({("7", "A1")})
    sales.sold("7", "A1", Match("1", "1", 5))
    sales.sold("7", "A1", Match("2", "3", 2))
    sales.sold("8", "A1", Match("3", "1", 9))
    assert sales.returned("7", "A1", 3) == ([Match("2", "3", 2), Match("1", "1", 1)], 0)
    assert sales.returned("7", "A1", 6) == ([Match("1", "1", 4)], 2)
    assert sales.returned("8", "A1", 1) == ([], 1)


def test_opening_stock_is_the_least_that_never_runs_out() -> None:
    rows = [
        row("1", quantity=5, number=1),
        row("C2", quantity=-4, number=2),
        row("3", quantity=6, number=3),
        row("4", quantity=-2, price="0", customer=None, number=4),
        row("5", quantity=50, price="0", customer=None, number=5),
        row("6", quantity=3, number=6),
        row("7", sku="POST", quantity=3, number=7),
    ]
    assert opening_stock(invoices(iter(rows), survey(rows).last)) == {"A1": 9}


def test_working_days_leave_out_the_weekend() -> None:
    friday = date(2011, 1, 7)
    assert working_days_after(friday, 1) == date(2011, 1, 10)
    assert working_days_after(friday, 6) == date(2011, 1, 17)


def test_journeys_are_always_the_same_and_some_are_late() -> None:
    friday = datetime(2011, 7, 1, 9, 0, tzinfo=UTC)
    journeys = [journey(str(number), friday) for number in range(500)]
    assert journeys == [journey(str(number), friday) for number in range(500)]
    usual = datetime(2011, 7, 4, 14, 0, tzinfo=UTC)
    late = [j for j in journeys if j.shipped_at != usual]
    assert 5 <= len(late) <= 60
    assert all(j.shipped_at < j.delivered_at for j in journeys)


def test_countries_without_a_code_have_none() -> None:
    assert iso_code("EIRE") == "IE"
    assert iso_code("Channel Islands") is None
    assert len(ISO_CODES) == 35
