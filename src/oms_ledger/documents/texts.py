"""Text in the fonts that every PDF reader has, cut into rows of a given width."""

from __future__ import annotations

from collections.abc import Iterator
from unicodedata import normalize

from reportlab.pdfbase.pdfmetrics import stringWidth

REGULAR = "Helvetica"
BOLD = "Helvetica-Bold"

REPLACEMENT = "¿"
"""Stands for each character that the fonts lack."""

ELLIPSIS = "…"

TEXT_MAX = 1000
"""Characters of a value that are looked at; no more fit a page's width in a few rows."""


def printable(value: object) -> str:
    """The value in characters of WinAnsi, which the built-in fonts have. White space of any
    length is one space; None is empty."""
    text = "" if value is None else normalize("NFC", str(value))
    return " ".join("".join(map(_printable, text[:TEXT_MAX])).split())


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    if not character.isprintable():
        return REPLACEMENT
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return REPLACEMENT
    return character


def fitted(value: object, font: str, size: float, width: float, rows: int = 1) -> list[str]:
    """At most `rows` rows of at most `width` points. What does not fit is cut, with an ellipsis at
    the end."""
    text, fitting = printable(value), list[str]()
    for row, rest in _wrapped(text, font, size, width):
        if len(fitting) == rows - 1 and rest:
            room = width - stringWidth(ELLIPSIS, font, size)
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
    used = 0.0
    for index, character in enumerate(text):
        used += stringWidth(character, font, size)
        if used > width:
            return max(1, index)
    return len(text)
