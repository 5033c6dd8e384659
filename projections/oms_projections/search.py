"""Words that are looked for, and texts that they are looked for in; facets of rows, for filters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

GRAM = 3


def folded(text: str) -> str:
    """A text as it is compared in a search: without blanks around it, whatever its case, in one
    form of Unicode. `ΚΑΦΕΣ` is `καφες` in this form, and finds it."""
    stripped = text.strip()
    if stripped.isascii():
        return stripped.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stripped).casefold())


def grams(text: str) -> list[str]:
    """The parts of three characters of a folded text, for an index: a text contains another only
    if it has all of its parts. None for a shorter text."""
    return sorted({text[n : n + GRAM] for n in range(len(text) - GRAM + 1)})


def containing(words: str) -> str:
    """A LIKE pattern for a folded text that contains `words`, taken literally."""
    escaped = folded(words).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def text_filter(words: str | None) -> dict[str, object]:
    """The parameters `q` and `grams` of a statement that looks for words in a column of folded
    texts; both None where there are no words."""
    text = folded(words) if words else ""
    return {"q": containing(text) if text else None, "grams": grams(text) or None}


def facets_in(values: Mapping[str, str | None]) -> list[str]:
    """The column `facets` of a row: each value behind its name, without those that are None."""
    return [f"{name}:{value}" for name, value in values.items() if value is not None]


def facets_of(name: str, values: Iterable[str] | None) -> list[str] | None:
    """Values of a filter as they stand in the column `facets`, such as `status:shipped`; None where
    the filter is left out."""
    return None if values is None else [f"{name}:{value}" for value in values]
