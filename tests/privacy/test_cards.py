"""Card numbers are detected in any notation; identifiers of a shop are not mistaken for one."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from oms_commands import COMMANDS
from oms_ledger.domain.errors import Invalid
from oms_ledger.privacy import cards
from tests.importers.real_file import real_file

ISSUED = {
    "Visa": (["4"], [13, 16, 19]),
    "Mastercard": ([str(n) for n in range(51, 56)], [16]),
    "Mastercard 2": (["2221", "2299", "2300", "2699", "2709", "2720"], [16]),
    "American Express": (["34", "37"], [15]),
    "Diners": (["300", "305", "3095", "36", "38", "39"], [14, 16]),
    "Discover": (["6011", "644", "649", "65"], [16, 17, 18, 19]),
    "JCB": (["3528", "3550", "3589"], [16, 17, 18, 19]),
    "UnionPay": (["62"], [16, 17, 18, 19]),
    "Dankort": (["5019"], [16]),
    "Hipercard": (["606282"], [16, 19]),
    "Verve": (["506099", "506150", "507865", "507880", "507950", "507964"], [16, 19]),
    "Maestro": (["5018", "6304", "6759", "6763"], [16, 18, 19]),
}

TEST_NUMBERS = (
    "4111111111111111", "4012888888881881", "4222222222222", "5555555555554444",
    "5105105105105100", "2223003122003222", "378282246310005", "371449635398431",
    "30569309025904", "38520000023237", "6011111111111117", "6011000990139424",
    "3530111333300000", "3566002020360505", "6200000000000005", "6759649826438453",
)  # fmt: skip

SEPARATORS = (
    "",
    " ",
    "-",
    ".",
    "/",
    "_",
    "\u00a0",
    "\u2013",
    " - ",
    "\t",
    "\n",
    ", ",
    "\u200b",
    "*",
)


def with_check_digit(digits: str) -> str:
    """The digits with their Luhn check digit."""
    total = sum(sum(divmod(int(d) * 2, 10)) for d in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return digits + str(-total % 10)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    prefixes, lengths = draw(st.sampled_from(list(ISSUED.values())))
    prefix, length = draw(st.sampled_from(prefixes)), draw(st.sampled_from(lengths))
    rest = length - len(prefix) - 1
    middle = draw(st.text("0123456789", min_size=rest, max_size=rest))
    number = with_check_digit(prefix + middle)
    assume(length > 13 or not cards._is_ean(number))  # such a one is an article's
    return number


@st.composite
def written(draw: st.DrawFn) -> str:
    """A card number with separators anywhere, among words."""
    number = draw(numbers())
    separators = draw(st.lists(st.sampled_from(SEPARATORS), min_size=19, max_size=19))
    text = "".join(digit + between for digit, between in zip(number, separators, strict=False))
    text = text[: len(text) - len(separators[len(number) - 1])]
    before = draw(st.sampled_from(["", "card ", "PAN:", "x", "€ ", "Zahlung mit "]))
    after = draw(st.sampled_from(["", " exp 12/27", " please", "; thanks", "é"]))
    return before + text + after


def refused(value: Any) -> str | None:
    """The field named by the refusal; None if the value is accepted."""
    try:
        cards.refuse(value)
    except Invalid as error:
        return str(error.errors[0]["field"]) if error.code == cards.CODE else error.code
    return None


@given(written(), st.booleans())
def test_any_card_number_with_any_separators_is_detected(text: str, ascii: bool) -> None:
    value = {"lines": [{"note": "fine"}, {"note": text}]}
    body = json.dumps(value, ensure_ascii=ascii).encode()
    assert cards.may_hold_card_data(body)
    assert refused(json.loads(body)) == "lines.1.note"


@given(numbers())
def test_a_card_number_that_is_a_number_or_a_name_is_detected(number: str) -> None:
    assert refused({"a": {"b": int(number)}}) == "a.b"
    assert refused({"a": {number: 1}}) == "a"
    assert cards.may_hold_card_data(json.dumps({number: 1}).encode())


@given(numbers().filter(lambda n: len(n) > 13), st.sampled_from(["sku", "external_id", "id"]))
def test_fields_that_name_things_hold_no_cards_either(number: str, name: str) -> None:
    assert refused({name: number}) == name


@pytest.mark.parametrize("number", TEST_NUMBERS)
def test_the_issuers_own_examples(number: str) -> None:
    fours = " ".join(number[n : n + 4] for n in range(0, len(number), 4))
    foreign = number.translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    for text in (number, fours, f"{fours} 12/27 123", f"{number} 1227 123", foreign):
        assert refused({"note": text}) == "note", text
        assert cards.may_hold_card_data(text.encode()), text


@pytest.mark.parametrize(
    "text",
    [
        "cvv 123", "CVV: 1234", "the CVC2 is 123", "cvc=999", "card security code 123",
        "card verification value: 4321", "%B4111111111111112^LOVELACE/ADA^2712101000?",
        "B5555555555554440^X/Y^2712", ";4111111111111112=27121010000012345678?",
    ],
)  # fmt: skip
def test_security_codes_and_magnetic_stripes_are_detected(text: str) -> None:
    assert refused({"note": text}) == "note"
    assert cards.may_hold_card_data(json.dumps({"note": text}).encode())


@pytest.mark.parametrize("name", ["cvv", "CVC2", "card_cvv", "card_security_code"])
def test_a_field_for_security_codes_is_refused_by_its_name(name: str) -> None:
    assert refused({"payment": {name: "123"}}) == f"payment.{name}"
    assert refused({name: 123}) == name


NO_CARDS = (
    "4006381333931",  # EAN-13
    "9780306406157",  # ISBN-13
    "00340434161094042557",  # SSCC
    "9400110200881234567890",  # a parcel's number
    "1Z999AA10123456784",
    "112-1234567-1234567",  # a marketplace's order
    "302-7654321-7654321",
    "+44 20 7946 0958",
    "+44 20 7946 0958 / +44 20 7946 0959",
    "+4915112345678",
    "2026-07-25 10:00:00.123456",
    "2026-07-25T10:00:00.123456+00:00",
    "0190a6c2-1111-4abc-8def-411111111111",
    "4111111111111112",  # no check digit
    "41111111111111111111111",  # too long for a card
    "7111111111111117",  # nobody issues these
    "sizes 36, 38, 40, 42, 44",
    "security code of the gate: 1234",
    "CVC 60/40 cotton",
    "10.0.0.1 192.168.100.200",
)


@pytest.mark.parametrize("text", NO_CARDS)
def test_what_is_no_card_is_let_in(text: str) -> None:
    assert refused({"note": text, "sku": text}) is None


def test_thirteen_digits_name_things() -> None:
    """A shop's own number of an order; in a note it would be a very old card."""
    assert refused({"external_id": "4222222222222"}) is None
    assert refused({"note": "4222222222222"}) == "note"
    assert refused({"external_id": "4222 222 222 222"}) == "external_id"


def air_travel_card(rest: str) -> str:
    """A number of UATP."""
    return with_check_digit("1" + rest)


@given(st.text("0123456789", min_size=13, max_size=13), st.sampled_from(["", " ", "-"]))
def test_a_card_of_air_travel_is_detected_as_it_is_written(rest: str, between: str) -> None:
    number = air_travel_card(rest)
    for parts in ((4, 5, 6), (4, 4, 4, 3), (5, 5, 5)):
        ends = [sum(parts[: n + 1]) for n in range(len(parts))]
        groups = [number[end - part : end] for part, end in zip(parts, ends, strict=True)]
        text = between.join(groups)
        assert refused({"note": f"UATP {text} exp 12/27"}) == "note"
        assert cards.may_hold_card_data(text.encode())


@given(st.text("0123456789", min_size=13, max_size=13))
def test_a_number_of_a_parcel_is_no_card_of_air_travel(rest: str) -> None:
    number = air_travel_card(rest)
    assert refused({"tracking_number": number, "external_id": number}) is None
    addresses = f"{number[:3]}.{number[3:6]}.0.1 {number[8:10]}.{number[10:12]}.{number[12:]}"
    assert refused({"note": addresses}) is None


def test_no_error_repeats_card_data() -> None:
    with pytest.raises(Invalid) as error:
        cards.refuse({"note": "4111 1111 1111 1111"})
    assert "1111" not in str(error.value) + repr(error.value.errors)


def test_inspection_is_bounded() -> None:
    """Millions of digits in a row are refused in less time than it takes to send them."""
    assert refused({"note": "4 " * 2_000_000}) == "note"
    assert refused({"notes": ["4111111111111112"] * 300_000}) is not None


THIRTEEN = re.compile(rb'[1-69](?:[^0-9A-Za-z"\n]{0,12}[0-9]){12}')


@given(st.lists(st.sampled_from([*"01234569", "  ", "-" * 12, "-" * 13, "a", '"', "\n", "\u00e9"])))
def test_the_quick_check_finds_what_a_search_from_every_digit_finds(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    assert bool(cards._DIGITS.match(data)) == bool(THIRTEEN.search(data))


NEAR = ("2 2 2 2 2 2 2 2 2 2 2 2a", "2" * 12 + "a", "2" + " " * 11, "\u0662 ", "1a", "a1-2-", "4 ")


@pytest.mark.parametrize("piece", NEAR)
def test_the_time_of_the_quick_check_is_linear(piece: str) -> None:
    """Ten times as much takes less than thirty times as long; a quadratic check takes a hundred."""

    def seconds(size: int) -> float:
        data = b'"' + (piece * (size // len(piece))).encode() + b'a"'
        measured = []
        for _ in range(5):
            before = time.process_time()
            cards.may_hold_card_data(data)
            measured.append(time.process_time() - before)
        return min(measured)

    assert seconds(2_000_000) < 30 * seconds(200_000) + 0.01


def test_values_are_checked_together_and_named_by_themselves() -> None:
    """Texts beside each other are no card, and the one that is one is found among thousands."""
    many: dict[str, Any] = {f"n{n}": ["41111111", "11111111", n] for n in range(5000)}
    assert refused(many) is None
    many["n2500"] = {"deep": ["fine", 'a "quoted" 4111\n1111 1111 1111']}
    assert refused(many) == "n2500.deep.1"
    assert refused({**many, "n2500": {"cvv": "123"}}) == "n2500.cvv"
    assert refused({**many, "n2500": {"cvv": None}}) is None


def test_a_plain_order_is_not_inspected() -> None:

    assert not [
        name
        for name, command in COMMANDS.items()
        if cards.may_hold_card_data(json.dumps(command.example).encode())
    ]


@pytest.mark.slow
def test_nothing_of_a_real_year_of_orders_is_taken_for_a_card() -> None:
    """Codes, descriptions, invoices, customers, prices and dates, each by itself."""
    with gzip.open(real_file(), "rt", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    columns = [set(column) for column in zip(*rows, strict=True)]
    assert sum(map(len, columns)) > 60_000
    for name, texts in zip(names, columns, strict=True):
        assert [text for text in texts if refused({name: text})] == []


@pytest.mark.parametrize("zero", "\u0966\u09e6\u0e50\u0f20\u17e0\u0660\uff10\U0001d7ce\U0001d7f6")
def test_digits_of_any_script_are_digits(zero: str) -> None:
    number = "".join(chr(ord(zero) + int(digit)) for digit in "4111111111111111")
    assert refused({"note": number}) == "note"
    assert cards.may_hold_card_data(json.dumps({"note": number}, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    "note",
    ["security code 123", "Security-Code: 1234", "CVV code is 123", "CVN 123", "CSC: 1234",
     "card verification value is 123", "cvc2=123"],
)  # fmt: skip
def test_a_security_code_is_detected_by_any_of_its_names(note: str) -> None:
    assert refused({"note": note}) == "note"


@pytest.mark.parametrize("sku", ["CSC 1234", "CVN-1234", "CSC1234"])
def test_an_article_number_is_no_security_code(sku: str) -> None:
    assert refused({"sku": sku}) is None


@pytest.mark.parametrize("digits", [32, 40, 64])
def test_a_hexadecimal_digest_is_no_card(digits: int) -> None:
    assert refused({"customer": {"id": "2410195f6521688005612363835a2671"}}) is None
    chance = random.Random(digits)
    for _ in range(20_000):
        digest = f"{chance.getrandbits(4 * digits):0{digits}x}"
        if not digest.isdecimal():
            assert refused({"external_id": digest}) is None, digest
