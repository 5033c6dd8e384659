"""Parts of sentences that descriptions of events share."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def note_suffix(note: str | None) -> str:
    return f" ({note})" if note else ""


def reference_suffix(reference: str | None) -> str:
    return f", reference {reference}" if reference else ""
