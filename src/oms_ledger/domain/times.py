"""Moments as people write them: a position of the ledger, or a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oms_ledger.domain.errors import Invalid
from oms_ledger.kernel import Position

DIGITS_MAX = 18


def moment(text: str, field: str = "as_of") -> Position | datetime:
    """A position, or a time: RFC 3339, UTC where no zone is given; a day alone is its last
    microsecond. `Invalid` names `field` where it is neither."""
    if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX:
        return int(text)
    try:
        return _time(text)
    except (ValueError, OverflowError) as error:
        raise not_then(
            field,
            f"{text[:50]!r} is neither a position nor a time. Write 1234 or 2010-12-01T08:26:00Z"
            " (in a URL, a + is written %2B).",
        ) from error


def not_then(field: str, remedy: str) -> Invalid:
    """The error for a moment that cannot be meant."""
    return Invalid(f"{field}: {remedy}", errors=[{"field": field, "message": remedy}])


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if len(text) == len("2010-12-01"):
        at += timedelta(days=1, microseconds=-1)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
