"""One form for one text. Unicode writes `é` as one character or as two, which look the same; texts
that come in are put into the first form (NFC), so that one thing has one name.

Ledgers have texts of before that was done: what is looked up is looked up in its other forms too.
"""

from __future__ import annotations

from collections.abc import Mapping
from unicodedata import normalize


def composed(text: str) -> str:
    """The text in NFC."""
    return text if text.isascii() else normalize("NFC", text)


def decomposed(text: str) -> str:
    """The text in NFD, as it may have been stored before texts were put into NFC."""
    return text if text.isascii() else normalize("NFD", text)


def composed_value(value: object) -> object:
    """The value itself, or in NFC where it is a text."""
    if not isinstance(value, str) or value.isascii():
        return value
    return normalize("NFC", value)


def forms(text: str) -> list[str]:
    """The forms under which a text may be stored: in NFC, as it was sent, and in NFD."""
    return list(dict.fromkeys((composed(text), text, decomposed(text))))


def in_all_forms(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The parameters in NFC; where they have other forms, then as they were sent and in NFD: texts
    were stored as they came before they were put into NFC."""
    if all(map(str.isascii, fields.values())):
        return [dict(fields)]
    made = [
        {name: form(text) for name, text in fields.items()} for form in (composed, str, decomposed)
    ]
    return [each for n, each in enumerate(made) if each not in made[:n]]
