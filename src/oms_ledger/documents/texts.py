"""Text in the fonts that every PDF reader has, cut into rows of a given width."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unicodedata import normalize

from reportlab.pdfbase.pdfmetrics import stringWidth

from oms_ledger.domain.catalogue.answers import MeasuredAnswer

REGULAR = "Helvetica"
BOLD = "Helvetica-Bold"

REPLACEMENT = "¿"
"""Stands for each character that the fonts lack."""

ELLIPSIS = "…"

TEXT_MAX = 500
"""Characters of a value that are looked at; no more fit a page's width in a few rows."""


def printable(value: object) -> str:
    """The value in characters of WinAnsi, which the built-in fonts have. White space of any
    length is one space; None is empty."""
    text = "" if value is None else normalize("NFC", str(value))
    text = " ".join(text[:TEXT_MAX].split())
    return text if _is_printable(text) else "".join(map(_printable, text))


def _printable(character: str) -> str:
    return character if _is_printable(character) else REPLACEMENT


def _is_printable(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return text.isprintable()


def fitted(value: object, font: str, size: float, width: float, rows: int = 1) -> list[str]:
    """At most `rows` rows of at most `width` points. What does not fit is cut, with an ellipsis at
    the end."""
    text, fitting = printable(value), list[str]()
    for row, rest in _wrapped(text, font, size, width):
        if len(fitting) == rows - 1 and rest:
            room = width - size * _advance(ELLIPSIS, font)
            fitting.append(row[: _fitting(row, font, size, room)].rstrip() + ELLIPSIS)
            break
        fitting.append(row)
    return fitting


def _wrapped(text: str, font: str, size: float, width: float) -> Iterator[tuple[str, str]]:
    """Each row and what is left after it. A row ends at a space where it has one."""
    while text:
        end = _fitting(text, font, size, width)
        space = text.rfind(" ", 1, end + 1)
        if end < len(text) and space > 0:
            end = space
        row, text = text[:end], text[end:].lstrip()
        yield row, text


def _fitting(text: str, font: str, size: float, width: float) -> int:
    """How many characters fit; at least one, so that rows have an end."""
    used, most = 0.0, width / size
    for index, character in enumerate(text):
        used += _advance(character, font)
        if used > most:
            return max(1, index)
    return len(text)


@cache
def _advance(character: str, font: str) -> float:
    """The width of a printable character, in sizes of the font: there are some two hundred."""
    return float(stringWidth(character, font, 1))


def quantity_label(answer: MeasuredAnswer, quantity: int) -> str:
    """A quantity before the name of the goods: `3 x`, or in its unit of measure `0.250 kg`."""
    unit = answer.get("unit_of_measure")
    return f"{quantity} x" if unit is None else f"{answer['in_unit']['quantity']} {unit['code']}"
