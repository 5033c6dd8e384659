"""The currencies of the domain are those of the published table of ISO 4217."""

from __future__ import annotations

from importlib.resources import files
from xml.etree import ElementTree

import pytest

from oms_ledger.domain.money import DIGITS

WITHDRAWN = {"ANG": 2, "BGN": 2}
"""No longer in the table: replaced by XCG in 2025 and by EUR in 2026. Stored orders have them."""

NO_MONEY = {"UYW", "XAD"}
"""Units of account: an index of wages, and what central banks settle in. Nobody pays with them."""


def published() -> dict[str, int]:
    """Digits of the minor unit by code, from the maintenance agency's list of current currencies;
    without funds and without metals, test codes and others that have no minor unit."""
    table = ElementTree.fromstring(files("iso4217").joinpath("table.xml").read_bytes())
    digits: dict[str, int] = {}
    for entry in table.iter("CcyNtry"):
        code, name = entry.findtext("Ccy"), entry.find("CcyNm")
        units = entry.findtext("CcyMnrUnts", "")
        is_fund = name is not None and name.get("IsFund") == "true"
        if code and units.isdigit() and not is_fund:
            digits[code] = int(units)
    return digits


def test_every_current_currency_has_the_digits_of_the_table() -> None:
    table = {code: digits for code, digits in published().items() if code not in NO_MONEY}
    assert len(table) > 140
    assert table | WITHDRAWN == DIGITS


def test_exceptions_are_exceptions() -> None:
    assert published().keys() & WITHDRAWN.keys() == set()
    assert published().keys() >= NO_MONEY


@pytest.mark.parametrize(
    ("code", "digits"), [("XCG", 2), ("ZWG", 2), ("JPY", 0), ("KWD", 3), ("IQD", 3)]
)
def test_some_that_are_easily_wrong(code: str, digits: int) -> None:
    assert DIGITS[code] == digits
