"""The file format of UCI "Online Retail": reads its rows and classifies each.

One row is one line of an invoice; times are local to London. This module does not depend on the
ledger: every row gets exactly one `Use` or one `Skip`.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from oms_ledger.domain.errors import Invalid
from oms_ledger.domain.texts import composed
from oms_ledger.importers.text_lines import LINE_CHARACTERS_MAX, lines, opened
from oms_ledger.privacy import cards

CURRENCY = "GBP"
LONDON = ZoneInfo("Europe/London")
COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
PENNY = Decimal("0.01")

# Beyond these limits a row is malformed. Together they keep every sum within 64 bits.
UNITS_MAX = 1_000_000
PRICE_MAX = 1_000_000
YEARS = range(1970, 2101)
CODE_CHARACTERS_MAX = 100
TITLE_CHARACTERS_MAX = 500

# Python's own readers also take underscores, blanks, exponents and digits of other scripts.
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
PRICE = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,30})?")
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)

NO_CUSTOMER = frozenset({"", "nan", "none", "null"})
"""Values of `CustomerID`, in lower case, for a row without a customer."""

SERVICES = frozenset({"POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"})
"""Codes, in any case, of a charge, a fee or a manual correction."""

VOUCHERS = "GIFT_"
"""The prefix of gift vouchers, which are sold and never stocked."""


class Use(StrEnum):
    """What a row becomes in the ledger."""

    SALE = "sale"
    GIFT = "gift"
    RETURN = "return"
    STOCK_FOUND = "stock_found"
    WRITE_OFF = "write_off"

    @property
    def is_order_line(self) -> bool:
        return self is Use.SALE or self is Use.GIFT


class Skip(StrEnum):
    """Why a row is not applied."""

    BAD_DEBT = "bad_debt_adjustment"
    CREDIT_WITHOUT_GOODS = "credit_without_goods"
    ADJUSTMENT_WITHOUT_GOODS = "adjustment_without_goods"
    POSITIVE_CREDIT = "credit_with_positive_quantity"
    NEGATIVE_SALE = "negative_quantity_with_price"
    NEGATIVE_PRICE = "negative_price"
    NO_QUANTITY = "quantity_zero"
    TOO_MANY_LINES = "too_many_lines"
    CARD_DATA = "card_data"
    MALFORMED = "malformed"


SKIP_MEANINGS: Mapping[str, str] = {
    Skip.BAD_DEBT: "invoice begins with A: book-keeping, neither order nor goods",
    Skip.CREDIT_WITHOUT_GOODS: "credit for postage, discount or another service",
    Skip.ADJUSTMENT_WITHOUT_GOODS: "stock correction of a service code, which has no stock",
    Skip.POSITIVE_CREDIT: "credit invoice (C), but the quantity is positive",
    Skip.NEGATIVE_SALE: "negative quantity at a price, outside of a credit invoice",
    Skip.NEGATIVE_PRICE: "price below zero",
    Skip.NO_QUANTITY: "quantity 0",
    Skip.TOO_MANY_LINES: "more lines on one invoice than an order can have",
    Skip.CARD_DATA: "a field holds what looks like card data, which is neither kept nor repeated",
    Skip.MALFORMED: "row could not be read",
}


class FileRow(NamedTuple):
    """A row of the file. `number` counts from 1 below the heading; `price` is GBP per unit, exactly
    as written; `at` is UTC."""

    number: int
    invoice: str
    sku: str
    title: str | None
    quantity: int
    price: Decimal
    at: datetime
    customer: str | None
    country: str

    @property
    def price_minor(self) -> int:
        """The price in pence, half a penny rounded up."""
        return _minor(self.price)

    @property
    def stock_change(self) -> int:
        """The change of stock by a row that is no order line. Credits have a negative quantity, and
        their units come back."""
        return -self.quantity if self.invoice[:1].upper() == "C" else self.quantity

    @property
    def is_rounded(self) -> bool:
        """Whether the price has fractions of a penny."""
        return self.price_minor != self.price * 100


class MalformedRow(NamedTuple):
    """A row that cannot be read, or that holds card data; `why` is for people."""

    number: int
    why: str
    because: Skip = Skip.MALFORMED


class CardData(ValueError):
    """A field holds what looks like card data. The message names the field and not its value."""


@dataclass(slots=True)
class Invoice:
    """The rows of one invoice number, in the order of the file."""

    number: str
    rows: list[FileRow] = field(default_factory=list)

    @property
    def at(self) -> datetime:
        """The earliest time on any of its rows, UTC."""
        return min(row.at for row in self.rows)

    @property
    def has_price(self) -> bool:
        return any(row.price > 0 for row in self.rows)


def is_service(sku: str) -> bool:
    """Whether a code stands for a service, which is charged and never stocked."""
    code = sku.upper()
    return code in SERVICES or code.startswith(VOUCHERS)


def classify(row: FileRow, invoice_has_price: bool) -> Use | Skip:
    """The use of a row, or why it is skipped."""
    letter = row.invoice[:1].upper()
    if letter == "A":
        return Skip.BAD_DEBT
    if row.quantity == 0:
        return Skip.NO_QUANTITY
    if row.price < 0:
        return Skip.NEGATIVE_PRICE
    if letter == "C":
        return _credit(row)
    if row.quantity < 0:
        return _negative(row)
    if row.price > 0:
        return Use.SALE
    return _free(row, invoice_has_price)


def _credit(row: FileRow) -> Use | Skip:
    if row.quantity > 0:
        return Skip.POSITIVE_CREDIT
    return Skip.CREDIT_WITHOUT_GOODS if is_service(row.sku) else Use.RETURN


def _negative(row: FileRow) -> Use | Skip:
    if row.price > 0:
        return Skip.NEGATIVE_SALE
    return Skip.ADJUSTMENT_WITHOUT_GOODS if is_service(row.sku) else Use.WRITE_OFF


def _free(row: FileRow, invoice_has_price: bool) -> Use | Skip:
    """A row at price 0: a gift to a customer, or goods found in stock."""
    if row.customer is not None or invoice_has_price:
        return Use.GIFT
    return Skip.ADJUSTMENT_WITHOUT_GOODS if is_service(row.sku) else Use.STOCK_FOUND


def read(file: Path) -> Iterator[FileRow | MalformedRow]:
    """All rows of a file, plain or gzipped, one at a time. Each line is one row, so that a
    malformed one affects no other; empty lines are skipped. Raises `Invalid` where the file cannot
    be read, or not to its end."""
    number = 0
    try:
        with opened(file) as text:
            rows = lines(text)
            _check_heading(file, _fields(next(rows, None) or ""))
            for line in rows:
                if line is not None and line.isspace():
                    continue
                number += 1
                if line is None:
                    why = f"a line of more than {LINE_CHARACTERS_MAX} characters"
                    yield MalformedRow(number, why)
                else:
                    yield parse(number, _fields(line))
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise _unreadable(file, number, error) from error


def _fields(line: str) -> list[str]:
    """The fields of one line; a quote that is never closed leaves too few of them."""
    if '"' in line:
        try:
            return next(csv.reader([line]))
        except csv.Error:  # longer than any field can be
            return []
    return line.rstrip("\r\n").split(",")


def _check_heading(file: Path, heading: list[str]) -> None:
    if tuple(heading) != COLUMNS:
        columns = ", ".join(heading)[:200] or "nothing"
        try:
            cards.refuse_text(columns, "heading")
        except Invalid:
            columns = "what looks like card data"
        raise Invalid(
            f"{file} does not begin with the columns of Online Retail"
            f" ({', '.join(COLUMNS)}) but with: {columns}."
            " Give a CSV file with exactly these columns, plain or gzipped.",
            errors=[{"field": "file", "message": "wrong columns"}],
        )


def _unreadable(file: Path, rows: int, error: Exception) -> Invalid:
    if isinstance(error, UnicodeError):
        remedy = "is not text in UTF-8. Save it as CSV in UTF-8, plain or gzipped."
    elif isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        remedy = "is a damaged or incomplete gzip file. Fetch it again, or give the plain CSV."
    else:
        remedy = f"cannot be read ({error}). Give the path of a CSV file."
    return Invalid(
        f"{file}{f', after row {rows},' if rows else ''} {remedy} Nothing of it was imported.",
        errors=[{"field": "file", "message": str(error)}],
    )


def parse(number: int, fields: list[str]) -> FileRow | MalformedRow:
    """A row from its number and its fields, which are those of `COLUMNS`."""
    if len(fields) != len(COLUMNS):
        return MalformedRow(number, f"{len(fields)} fields instead of {len(COLUMNS)}")
    invoice, sku, title, quantity, at, price, customer, country = map(composed, fields)
    try:
        return FileRow(
            number,
            _code(invoice, "invoice number"),
            _code(sku, "stock code"),
            _title(title),
            _quantity(quantity),
            _price(price),
            utc(at),
            _customer(customer),
            _country(country),
        )
    except CardData as error:
        return MalformedRow(number, str(error), Skip.CARD_DATA)
    except ValueError as error:
        return MalformedRow(number, str(error))


def invoices(
    rows: Iterator[FileRow | MalformedRow], last: Mapping[str, int]
) -> Iterator[Invoice | MalformedRow]:
    """Each invoice as soon as its last row is read; `last` has the number of that row by invoice.
    Only unfinished invoices are in memory, even where others come between their rows."""
    open_invoices: dict[str, Invoice] = {}
    for row in rows:
        if isinstance(row, MalformedRow):
            yield row
            continue
        invoice = open_invoices.get(row.invoice)
        if invoice is None:
            invoice = open_invoices[row.invoice] = Invoice(row.invoice)
        invoice.rows.append(row)
        if last[row.invoice] == row.number:
            yield open_invoices.pop(row.invoice)


@lru_cache(maxsize=65_536)
def utc(local: str) -> datetime:
    """The UTC time of a time in the file, which is local to London unless it has an offset."""
    _refuse_card(local, "InvoiceDate", "placed_at")
    if TIME.fullmatch(local) is None:
        raise ValueError(f"{local[:50]!r} is not a time such as 2010-12-01 08:26:00")
    try:
        at = datetime.fromisoformat(local)
    except ValueError:
        raise ValueError(f"{local!r} is not a time such as 2010-12-01 08:26:00") from None
    if at.year not in YEARS:
        raise ValueError(f"the year of {local!r} cannot be right")
    return at.replace(tzinfo=at.tzinfo or LONDON).astimezone(UTC)


@lru_cache(maxsize=65_536)
def _quantity(text: str) -> int:
    _refuse_card(text, "Quantity", "quantity")
    if WHOLE_NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text[:50]!r} is not a whole number")
    quantity = int(text)
    if abs(quantity) > UNITS_MAX:
        raise ValueError(f"{text} units on one row cannot be right")
    return quantity


@lru_cache(maxsize=65_536)
def _price(text: str) -> Decimal:
    _refuse_card(text, "UnitPrice", "unit_price")
    if PRICE.fullmatch(text) is None:
        raise ValueError(f"{text[:50]!r} is not a price")
    price = Decimal(text)
    if abs(price) > PRICE_MAX:
        raise ValueError(f"{text!r} cannot be a price")
    return price


@lru_cache(maxsize=65_536)
def _minor(price: Decimal) -> int:
    return int(price.quantize(PENNY, ROUND_HALF_UP).scaleb(2))


@lru_cache(maxsize=65_536)
def _code(text: str, what: str) -> str:
    """An invoice number or code, without blanks around it."""
    _refuse_card(text, what, "code")
    code = text.strip()
    if not code:
        raise ValueError(f"no {what}")
    if len(code) > CODE_CHARACTERS_MAX or not code.isprintable():
        raise ValueError(f"{text[:50]!r} is not a {what}")
    return code


@lru_cache(maxsize=65_536)
def _title(text: str) -> str | None:
    """The description, with unprintable characters as blanks; None where it is empty."""
    _refuse_card(text, "Description", "title")
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.strip()[:TITLE_CHARACTERS_MAX].strip() or None


@lru_cache(maxsize=65_536)
def _customer(text: str) -> str | None:
    """The customer's id: `17850.0` is 17850. None where there is no customer."""
    customer = text.strip().removesuffix(".0")
    return None if customer.lower() in NO_CUSTOMER else _code(customer, "customer")


@lru_cache(maxsize=1024)
def _country(text: str) -> str:
    _refuse_card(text, "Country", "country")
    return text.strip()


def _refuse_card(text: str, column: str, name: str) -> None:
    """Raises `CardData`. Called where a text becomes a value: the caches check each text once."""
    try:
        cards.refuse({name: text})
    except Invalid:
        raise CardData(f"{column} holds what looks like card data") from None
