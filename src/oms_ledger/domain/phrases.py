"""Parts of sentences that descriptions of events share."""

from __future__ import annotations

from collections.abc import Iterable


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def note_suffix(note: str | None) -> str:
    return f" ({note})" if note else ""


def reference_suffix(reference: str | None) -> str:
    return f", reference {reference}" if reference else ""


def tags_text(added: Iterable[str], removed: Iterable[str]) -> str:
    changes = [f"+{tag}" for tag in added] + [f"-{tag}" for tag in removed]
    return f"Tags: {', '.join(changes)}"
