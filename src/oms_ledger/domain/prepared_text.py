"""Answers that read models prepare as JSON text, with marks around what is replaced in them when
they are read: personal texts, which are opened or masked, and parts that come from other rows.

The marks are control characters. JSON has none of them, since strings escape them: nobody can write
one into a text, and an answer with a mark left in it is not JSON.
"""

from __future__ import annotations

PERSONAL_MARK = "\x1f"
"""Three of them are in the string of a personal text, for the texts of one answer in turn: before
the name of the field in which it was sealed, before the text itself, and after it."""

PART_MARK = "\x1e"
"""Before and after a part that is replaced."""


def personal_part(field: str, text: str) -> str:
    """A personal text, which is given as a string of JSON, with its marks."""
    return f'"{PERSONAL_MARK}{field}{PERSONAL_MARK}{text[1:-1]}{PERSONAL_MARK}"'


def plain_json(content: str) -> str:
    """A prepared answer as JSON, with its personal texts as they are stored."""
    parts = content.replace(PART_MARK, "").split(PERSONAL_MARK)
    del parts[1::3]
    return "".join(parts)
