"""What must hold for any row, any order of sales and returns, and any damaged file."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.errors import Invalid
from oms_ledger.engine.log.memory import MemoryStore
from oms_ledger.engine.write.writer import Writer
from oms_ledger.importers.online_retail import (
    COLUMNS,
    PRICE_MAX,
    UNITS_MAX,
    FileRow,
    Invoice,
    MalformedRow,
    Skip,
    Use,
    classify,
    invoices,
    is_service,
    read,
)
from oms_ledger.importers.opening_stock import movements, opening_stock
from oms_ledger.importers.plan import ImportOptions
from oms_ledger.importers.report import ImportReport, Revenue
from oms_ledger.importers.returns import Match, Sales
from oms_ledger.importers.run import send_all
from oms_ledger.importers.sender import StepSender
from oms_ledger.importers.survey import survey
from tests.importers.files import text

pytestmark = pytest.mark.slow

NOON = datetime(2011, 1, 4, 12, 0, tzinfo=UTC)

numbers = st.sampled_from(["1", "2", "3", "C1", "c2", "A1", "a2"])
skus = st.sampled_from(["MUG", "mug", "POST", "m", "gift_0001_20", "CUP"])
prices = st.sampled_from(["0", "0.0", "1.25", "0.001", "-1", "2.495"]).map(Decimal)
customers = st.sampled_from(["1", "2", None])


@st.composite
def rows(draw: st.DrawFn) -> FileRow:
    units = draw(st.integers(-9, 9))
    return FileRow(
        1, draw(numbers), draw(skus), "Thing", units, draw(prices), NOON, draw(customers), "EIRE"
    )


@given(rows(), st.booleans())
def test_the_use_of_a_row_fits_its_quantity_and_price(row: FileRow, has_price: bool) -> None:
    use = classify(row, has_price)
    assert (use in set(Use)) != (use in set(Skip))
    match use:
        case Use.SALE:
            assert row.quantity > 0 < row.price
        case Use.GIFT:
            assert row.quantity > 0 == row.price
        case Use.RETURN:
            assert row.quantity < 0 < row.stock_change
        case Use.STOCK_FOUND:
            assert row.stock_change > 0 == row.price
        case Use.WRITE_OFF:
            assert row.stock_change < 0 == row.price
        case _:
            assert isinstance(use, Skip)
    if is_service(row.sku):
        assert use not in (Use.RETURN, Use.STOCK_FOUND, Use.WRITE_OFF)


@given(st.lists(rows(), max_size=40))
def test_opening_stock_covers_everything_and_not_a_unit_more(file_rows: list[FileRow]) -> None:
    numbered = [row._replace(number=n) for n, row in enumerate(file_rows, 1)]
    whole = [i for i in invoices(iter(numbered), survey(numbered).last) if isinstance(i, Invoice)]
    opening = opening_stock(whole)
    free = Counter(opening)
    lowest = dict(opening)
    for invoice in whole:
        for sku, change in movements(invoice):
            free[sku] += change
            lowest[sku] = min(lowest.get(sku, 0), free[sku])
    assert all(level == 0 for sku, level in lowest.items() if sku in opening)
    assert all(level >= 0 for level in lowest.values())
    assert not any(is_service(sku) for sku in opening)
    assert all(units > 0 for units in opening.values())


sold = st.tuples(st.just("sold"), st.sampled_from("AB"), st.integers(1, 9))
back = st.tuples(st.just("back"), st.sampled_from("AB"), st.integers(1, 20))


@given(st.lists(sold | back, max_size=40))
def test_matching_neither_makes_nor_loses_units(story: list[tuple[str, str, int]]) -> None:
    sales = Sales({("7", "A"), ("7", "B")})
    open_units = Counter[tuple[str, str]]()
    for n, (what, sku, units) in enumerate(story):
        if what == "sold":
            sales.sold("7", sku, Match(str(n), "1", units))
            open_units[sku, str(n)] = units
            continue
        matches, rest = sales.returned("7", sku, units)
        assert sum(m.quantity for m in matches) + rest == units
        assert all(m.quantity > 0 for m in matches)
        for match in matches:
            open_units[sku, match.invoice] -= match.quantity
            assert open_units[sku, match.invoice] >= 0, "more came back than was sold"
        left = sum(n for (of, _), n in open_units.items() if of == sku)
        assert rest == 0 or left == 0, "unmatched although a sale is open"


dirty = st.one_of(
    st.sampled_from(["", " ", "nan", "NaN", "0", "-0", "1e3", "inf", "sNaN", '"', "a,b", "\x00"]),
    st.text(max_size=12),
)
odd = {
    "InvoiceNo": ["A5", " 6 ", "1:1"],
    "StockCode": ["x" * 101, "a@b", "POST"],
    "Description": ["line\nbreak", "\x07bell", 'an "open quote', "x" * 600],
    "Quantity": ["0", str(UNITS_MAX), str(UNITS_MAX + 1), "9" * 12, "9" * 5000],
    "InvoiceDate": ["0001-01-01", "9999-12-31 23:59:59", "4/1/2011 10:00"],
    "UnitPrice": ["-1", str(PRICE_MAX), "1e30", "0." + "1" * 40, "1e-30"],
    "CustomerID": ["nan", "x" * 300],
    "Country": ["Atlantis"],
}
good = st.tuples(
    st.tuples(st.sampled_from(["1", "2", "3"]), st.sampled_from(["1", "3", "-1", "-3"]))
    | st.tuples(st.sampled_from(["C4", "C5"]), st.sampled_from(["-1", "-2"])),
    st.sampled_from(["MUG", "CUP"]),
    st.sampled_from(["A mug", 'a "mug", blue', "£é"]),
    st.sampled_from(["2011-01-04 10:00:00", "2011-01-04T10:00:00+02:00", "2011-03-27 01:30:00"]),
    st.sampled_from(["1.25", "2.495", "0.0"]),
    st.sampled_from(["1.0", "2", ""]),
    st.sampled_from(["EIRE", ""]),
).map(lambda t: [t[0][0], t[1], t[2], t[0][1], *t[3:]])


@st.composite
def spoiled(draw: st.DrawFn) -> list[str]:
    """A good row, but for a cell or two."""
    row = draw(good)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(COLUMNS) - 1))
        row[at] = draw(st.sampled_from(odd[COLUMNS[at]]) | dirty)
    return row


torn = st.tuples(good, st.integers(0, 9)).map(lambda t: [*t[0], "more", "more"][: t[1]])


mostly_good = st.integers(0, 9).flatmap(
    lambda n: torn if n == 0 else spoiled() if n < 4 else good,
)


@given(lines=st.lists(mostly_good, min_size=5, max_size=30), stocked=st.booleans())
def test_rows_read_are_rows_applied_and_rows_skipped(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], stocked: bool
) -> None:
    """Through the real writer, whatever the cells hold. What one row is, is one line."""
    file = tmp_path_factory.mktemp("dirty") / "dirty.csv"
    with file.open("w", encoding="utf-8", newline="", errors="replace") as out:
        csv.writer(out, lineterminator="\n").writerows([COLUMNS, *lines])
    surveyed = survey(read(file))
    assert surveyed.rows == sum(1 for line in _lines(file)[1:] if not line.isspace())
    opening = opening_stock(invoices(read(file), surveyed.last)) if stocked else {}
    report = ImportReport("dirty", surveyed, Revenue(surveyed.goods, surveyed.services), file)
    again = ImportReport("dirty", surveyed, Revenue(surveyed.goods, surveyed.services), file)
    writer = Writer(MemoryStore())
    try:
        for account in (report, again):
            sender = StepSender(writer.submit_many, account, lambda _: None)
            send_all(sender, file, opening, ImportOptions(fulfil=True))
    finally:
        writer.close()
    assert report.balances
    assert again.balances
    assert again.events == 0
    assert len({row.row for row in report.skipped_rows}) == len(report.skipped_rows), (
        "left out twice"
    )


def _lines(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(lines)


WHOLE = text(
    [
        (str(n), "MUG", "A mug", n, "2011-01-04 10:00:00", "1.25", "7.0", "EIRE")
        for n in range(1, 200)
    ]
)
ZIPPED = gzip.compress(WHOLE.encode(), mtime=0)


@given(cut=st.integers(2, len(ZIPPED) - 1))
def test_a_gzip_file_that_ends_too_early_is_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.mktemp("cut") / "cut.csv.gz"
    file.write_bytes(ZIPPED[:cut])
    with pytest.raises(Invalid, match="incomplete gzip file"):
        survey(read(file))


@given(at=st.integers(0, len(ZIPPED) - 1), byte=st.integers(0, 255))
def test_a_damaged_gzip_file_is_refused_or_read_whole(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    file = tmp_path_factory.mktemp("damaged") / "damaged.csv.gz"
    file.write_bytes(ZIPPED[:at] + bytes([byte]) + ZIPPED[at + 1 :])
    with suppress(Invalid):
        assert survey(read(file)).rows == 199


@given(st.binary(max_size=300), st.booleans())
def test_any_other_bytes_are_refused_or_counted(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, headed: bool
) -> None:
    file = tmp_path_factory.mktemp("noise") / "noise.csv"
    heading = (",".join(COLUMNS) + "\n").encode() if headed else b""
    file.write_bytes(heading + noise)
    parsed: list[FileRow | MalformedRow] = []
    with suppress(Invalid):
        parsed = list(read(file))
        assert headed, "without the heading nothing is read"
    assert len(parsed) == survey(parsed).rows
    assert [row.number for row in parsed] == list(range(1, len(parsed) + 1))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "nothing"),
        (b"a,b,c\n1,2,3\n", "with exactly these columns"),
        (",".join(COLUMNS[:-1]).encode() + b"\n", "with exactly these columns"),
        ("Fr\xe4nkel".encode("latin-1"), "UTF-8"),
        (
            ",".join(COLUMNS).encode() + b"\n1,MUG,\xa3 mug,1,2011-01-04 10:00:00,1,7,EIRE\n",
            "UTF-8",
        ),
    ],
)
def test_a_fault_of_a_whole_file_is_reported(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    with pytest.raises(Invalid, match=message):
        survey(read(file))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="path of a CSV file"):
        survey(read(tmp_path))


def test_a_mark_at_the_beginning_and_an_empty_line_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "marked.csv"
    file.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode() + b"\r\n")
    assert survey(read(file)).rows == 199
