"""Values that belong to a person. Each sits in a field of its own, of type `Personal`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Personal:
    """A name, an e-mail address, a phone number, a street: what must be forgettable.

    It never shows itself in logs or error messages, and is stored as an object of its own
    (`{"personal": "..."}`), so that the codec can seal it without changing any event's shape.
    """

    personal: str

    def __repr__(self) -> str:
        return "Personal(...)"

    def __str__(self) -> str:
        return "***"


def personal(value: str | None) -> Personal | None:
    return None if value is None else Personal(value)


def revealed(value: Personal | None) -> str | None:
    return None if value is None else value.personal
