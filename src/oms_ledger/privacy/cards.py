"""Detection of card data, which must not enter the ledger: card numbers (PAN), security codes and
magnetic stripe data.

A card number is recognised by its issuer's first digits, its length and its check digit (Luhn),
with separators of up to three characters between its digits. A tenth of all numbers pass Luhn, so
further rules exclude article, order, parcel and telephone numbers:

- Part of a longer number is no card number; part of a sequence of numbers is one only if it is
  grouped as on cards (4111 1111 1111 1111, not 44 20 7946 0958 44 20).
- A number of 13 digits is no card number if it is a valid EAN, or if its field is an identifier
  (`sku`, `external_id`): such cards have not been issued for decades, article numbers have 13
  digits.
- A number of 15 digits that begins with 1 (UATP) is no card number in a field that is an
  identifier, as those of parcels are, or with other separators than those of cards.
- A plus and at most 15 digits are a telephone number.
- UUIDs, and long words of digits and letters, are skipped.

No error repeats the card data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from oms_ledger.domain.errors import Invalid

CODE = "card_data_refused"

STEPS_MAX = 100_000
"""Candidates for card numbers inspected in one body, which take a third of a second. A body with
more long numbers than that is refused."""

HEAD_STEPS_MAX = 200
"""The same for a path, a query string and headers, which may come from anybody."""

BLOCK_TEXTS = 1_000
BLOCK_CHARACTERS = 50_000
"""Texts that are checked together, before each by itself."""

TEXT_CHARACTERS_MAX = 10_000
"""Longest text inspected; a longer one that may hold card data is refused. No field is so long."""

HEAD_TEXT_CHARACTERS_MAX = 1_000
"""The same for a path, a parameter or a header."""

FIELD_CHARACTERS_MAX = 300

NAME_CHARACTERS_MAX = 100
"""The end of a field's name, which says what the field means."""

TELEPHONE_DIGITS_MAX = 15
"""After a plus (ITU-T E.164)."""

_ISSUED = re.compile(
    r"""4\d{12}(?:\d{3}){0,2}                                      # Visa
      | (?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}  # Mastercard
      | 1\d{14}                                                    # UATP
      | 3[47]\d{13}                                                # American Express
      | (?:30[0-5]\d|3095|3[689]\d\d)\d{10}(?:\d\d)?               # Diners Club
      | (?:6011|64[4-9]\d|65\d\d)\d{12,15}                         # Discover, RuPay
      | 35(?:2[89]|[3-8]\d)\d{12,15}                               # JCB
      | 62\d{14,17}                                                # UnionPay
      | (?:501[89]|5020|5038|5893|6304|6759|676[1-3])\d{12,15}      # Maestro, Dankort
      | 606282\d{10}(?:\d{3})?                                     # Hipercard
      | (?:50609[89]|5061\d\d|50786[5-9]|5078[7-9]\d|5079[0-5]\d|50796[0-4])\d{10}(?:\d{3})?
                                                                   # Verve
      | 220[0-4]\d{12,15}                                          # Mir
      | (?:50[89]\d|607\d|608\d|5067|6362|6363|9792)\d{12}         # RuPay, Elo, Troy""",
    re.VERBOSE | re.ASCII,
)

UATP = "1"
"""The first digit of cards of air travel, and of no others."""

DIGITS_MIN, DIGITS_MAX = 13, 19
_RUN = re.compile(r"\+?\d(?:[\W_]{0,3}\d){12,}")
_GROUP = re.compile(r"\d+")
_OPAQUE = re.compile(
    r"(?i:\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)"
    r"|(?<![0-9A-Za-z])(?=(?:[0-9]*+[A-Za-z]){4})[0-9A-Za-z]{24,}"
    r"|(?<![0-9A-Za-z])(?=[0-9]*+[A-Fa-f])(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![0-9A-Za-z])"
)
_TRACK = re.compile(r"[Bb]\d{12,19}\^[^^]{2,26}\^\d{4}|\b\d{13,19}=\d{7}")
_SECURITY_CODE = re.compile(
    r"(?i:\b(?:cvv2?|cvc2?|card[ _-]?(?:verification|security)|security[ _-]?code)"
    r"\W{0,3}(?:(?:code|number|value)\W{0,3})?(?:is\W{0,3})?\d{3,4}\b)"
)
_SHORT_SECURITY_CODE = re.compile(
    r"(?i:\b(?:cvn2?|csc)(?:[\s:#=]{1,3}(?:(?:code|number|value)\W{1,3})?(?:is\W{1,3})?)\d{3,4}\b)"
)
"""Abbreviations that article numbers have as well: not looked for in identifiers."""
_SECURITY_CODE_FIELD = re.compile(
    r"(?i:(?:^|_)(?:cvv2?|cvc2?)$|card_?(?:verification|security)_?(?:code|number|value)?$)"
)
_IDENTIFIER = re.compile(r"(?:^|_)(?:id|sku|code|number|reference|barcode|key|token)$")

_APART = "\ud800"
"""Between texts that are checked together: half a character, which JSON cannot have."""

# The quick check of raw bytes has false positives but no false negatives.
_BREAKS = b'"\n'
_WORDS = b"abcdefghijklmnopqrstuvwxyz"
_SHAPE = bytes.maketrans(b"0123456789" + _WORDS.upper(), b"0" * 10 + _WORDS)
_BETWEEN = bytes(byte for byte in range(256) if not chr(byte).isalnum() or byte > 127)
_BETWEEN = _BETWEEN.translate(None, _BREAKS)
_THIRTEEN_DIGITS = b"0" * 13
Place = tuple["Place | None", str | int]
"""Where a value stands in parsed JSON: the place of what it is in, and its name or number there."""

_Placed = tuple[Place, str, object]
"""A value, with its place and the name of its field."""

_GAP = rb'[^0-9A-Za-z"\n]{0,12}+'
_DIGITS = re.compile(
    rb"(?:[^0-9]++|[078]|[1-69](?:%b[0-9]){0,11}+(?!%b[0-9]))*+[1-69](?:%b[0-9]){12}"
    % (_GAP, _GAP, _GAP)
)
"""Thirteen digits with gaps of up to 12 bytes, anywhere in what is matched from its start. Shorter
rows of digits are passed over whole, so that the time is linear in the length."""
_OTHER_DIGITS = re.compile(r"[^\D0-9]")
"""A digit of any script but ASCII: Arabic, Devanagari, Thai, full-width, mathematical ..."""


_SECURITY_WORDS = (b"cvv", b"cvc", b"cvn", b"csc", b"verification", b"security")
"""The first three are looked for only where their first two letters are: most texts have none."""


def may_hold_card_data(data: bytes) -> bool:
    """Whether raw bytes (JSON or text) may hold card data. A check of a few microseconds that
    excludes most requests; the others must be parsed and inspected value by value."""
    if b"\\" in data:
        return True
    if not data.isascii() and _OTHER_DIGITS.search(data.decode("utf-8", "ignore")):
        return True
    shape = data.translate(_SHAPE, _BETWEEN)
    if _THIRTEEN_DIGITS in shape and _DIGITS.match(data):
        return True
    if b"cv" not in shape and b"csc" not in shape:
        return b"verification" in shape or b"security" in shape
    return any(word in shape for word in _SECURITY_WORDS)


def refuse(value: object, *, within: str = "") -> None:
    """`Invalid` if parsed JSON has card data anywhere, names of fields included. The error names
    the field and does not repeat its value."""
    Inspection().refuse(value, within)


def _meaning(name: str) -> tuple[bool, bool]:
    """Whether a field of this name is an identifier, and whether it is a card's security code."""
    return _cached_meaning(name[-NAME_CHARACTERS_MAX:])


@lru_cache(1000)
def _cached_meaning(name: str) -> tuple[bool, bool]:
    security_code = _SECURITY_CODE_FIELD.search(name) is not None
    return _IDENTIFIER.search(name) is not None, security_code


def refuse_text(text: str, field: str) -> None:
    """`Invalid` if a single text, of an argument or a heading, has card data."""
    Inspection().refuse_text(text, field)


def refusal(field: str) -> Invalid:
    message = (
        "It holds what looks like card data, which must not be kept here. Take payment by a"
        " provider's token instead. If it is no card, write the number another way."
    )
    return Invalid(
        f"{field[:FIELD_CHARACTERS_MAX] or 'The body'}: {message}",
        code=CODE,
        errors=[{"field": field[:FIELD_CHARACTERS_MAX], "message": message}],
    )


def path_of(place: Place) -> str:
    """The names of a place from the outermost on, with dots between."""
    names: list[str] = []
    within: Place | None = place
    while within is not None:
        within, name = within
        names.append(str(name))
    return ".".join(reversed(names)).removeprefix(".")


def texts(value: object, within: str) -> Iterator[tuple[Place, str, str]]:
    """Every text and number in parsed JSON as (place, name of its field, text). The name of a field
    itself is yielded with the place of its object and no name."""
    stack: list[Iterator[_Placed]] = [iter([((None, within), within, value)])]
    while stack:
        placed = next(stack[-1], None)
        if placed is None:
            stack.pop()
            continue
        place, name, each = placed
        if isinstance(each, str):
            yield place, name, each
        elif isinstance(each, dict):
            for key in each:
                yield place, "", key
            stack.append(_members(place, each))
        elif isinstance(each, list):
            stack.append(_items(place, name, each))
        elif isinstance(each, int | float) and not isinstance(each, bool):
            yield place, name, str(each) if isinstance(each, int) else f"{each:.0f}"


def _members(place: Place, members: dict[str, object]) -> Iterator[_Placed]:
    return (((place, key), key, inner) for key, inner in members.items())


def _items(place: Place, name: str, items: list[object]) -> Iterator[_Placed]:
    return (((place, number), name, item) for number, item in enumerate(items))


class Inspection:
    """Inspects any number of texts within one budget of steps; when it is used up, the next text
    counts as card data. `characters` is the longest text that is inspected."""

    def __init__(self, steps: int = STEPS_MAX, characters: int = TEXT_CHARACTERS_MAX) -> None:
        self._left = steps
        self._characters = characters

    @staticmethod
    def of_head() -> Inspection:
        """For a path, a query string and headers."""
        return Inspection(HEAD_STEPS_MAX, HEAD_TEXT_CHARACTERS_MAX)

    def refuse(self, value: object, within: str = "") -> None:
        """`Invalid` if parsed JSON has card data anywhere. Texts are first checked by the block."""
        block: list[tuple[Place, str, str]] = []
        characters = 0
        for each in texts(value, within):
            block.append(each)
            characters += len(each[2])
            if len(block) >= BLOCK_TEXTS or characters >= BLOCK_CHARACTERS:
                self._refuse_block(block)
                block, characters = [], 0
        self._refuse_block(block)

    def _refuse_block(self, block: list[tuple[Place, str, str]]) -> None:
        together = _APART.join([part for _, name, text in block for part in (name, text)])
        if not may_hold_card_data(_unbroken(together)):
            return
        for place, name, text in block:
            if not text:
                continue
            identifier, security_code = _meaning(name)
            if security_code or self.holds_card_data(text, identifier=identifier):
                raise refusal(path_of(place))

    def refuse_text(self, text: str, field: str) -> None:
        """`Invalid` if the text of a path, a query string or a header has card data."""
        if self.holds_card_data(text, identifier=True):
            raise refusal(field)

    def holds_card_data(self, text: str, *, identifier: bool) -> bool:
        if len(text) < 3 or (len(text) > DIGITS_MAX and text.isdecimal()):
            return False
        if not may_hold_card_data(_unbroken(text)):
            return False
        self._left -= 1
        if len(text) > self._characters:
            return True
        if _SECURITY_CODE.search(text) or _TRACK.search(text):
            return True
        if not identifier and _SHORT_SECURITY_CODE.search(text):
            return True
        if not _RUN.search(text):
            return False
        visible = _OPAQUE.sub("x", text)
        return any(self._has_card(run[0], identifier) for run in _RUN.finditer(visible))

    def _has_card(self, run: str, identifier: bool) -> bool:
        groups = [_ascii(group) for group in _GROUP.findall(run)]
        digits = "".join(groups)
        if run[0] == "+" and len(digits) <= TELEPHONE_DIGITS_MAX:
            return False
        ends = list(accumulate(map(len, groups)))
        for first, group in enumerate(groups):
            start = ends[first] - len(group)
            if _ISSUED.match(digits, start) is None:  # no card begins here, whatever its length
                continue
            self._left -= 1
            if self._left < 0:
                return True
            for last in range(first, min(first + DIGITS_MAX, len(groups))):
                length = ends[last] - start
                if length > DIGITS_MAX:
                    break
                if length < DIGITS_MIN or not _is_card(digits[start : ends[last]]):
                    continue
                some = groups[first : last + 1]
                if digits[start] == UATP and (identifier or not _grouped_as_cards(some)):
                    continue
                if len(some) == len(groups) or _grouped_as_cards(some):
                    if length == 13 and len(some) == 1 and (identifier or _is_ean(some[0])):
                        continue
                    return True
        return False


def _unbroken(text: str) -> bytes:
    """A text as bytes without the characters that end a value in JSON, but for those between
    texts that were joined with `_APART`."""
    unbroken = text.replace('"', " ").replace("\n", " ").replace(_APART, '"')
    return unbroken.encode("utf-8", "surrogatepass")


def _is_card(digits: str) -> bool:
    return _ISSUED.fullmatch(digits) is not None and _luhn(digits) == 0


def _grouped_as_cards(groups: list[str]) -> bool:
    """Whether the groups are one block, or blocks of three to six digits but for a shorter last
    one, or single digits."""
    lengths = [len(group) for group in groups]
    return (
        len(groups) == 1
        or (all(3 <= n <= 6 for n in lengths[:-1]) and lengths[-1] <= 6)
        or max(lengths) == 1
    )


_DOUBLED = bytes.maketrans(b"0123456789", bytes([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]))
"""Digit sum of twice a digit: 7 becomes 14 becomes 5."""


def _luhn(digits: str) -> int:
    """The Luhn sum modulo 10: 0 if the check digit is right."""
    text = digits.encode()
    single = text[-1::-2]
    return (sum(single) - ord("0") * len(single) + sum(text[-2::-2].translate(_DOUBLED))) % 10


def _is_ean(digits: str) -> bool:
    """Whether 13 digits have the check digit of an article number."""
    return (sum(map(int, digits[::2])) + 3 * sum(map(int, digits[1::2]))) % 10 == 0


def _ascii(digits: str) -> str:
    """Digits of any script as ASCII digits."""
    return digits if digits.isascii() else "".join([str(int(digit)) for digit in digits])
