"""Words that are looked for, and texts that they are looked for in."""

from __future__ import annotations

import unicodedata

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
