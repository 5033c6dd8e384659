"""Moments as people write them: a position of the ledger, or a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from oms_ledger.domain.errors import invalid_field
from oms_ledger.kernel import Change, Context, Position

DIGITS_MAX = 18

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2300, 1, 1, tzinfo=UTC)
"""Bounds of every time that comes in from outside, so that it can be shifted to any zone, added to
and stored. No order is older than the one or newer than the other."""

OUT_OF_BOUNDS = f"Write a time from the years {EARLIEST.year} to {LATEST.year - 1}."

CLOCK_SKEW_MAX = timedelta(minutes=5)
"""How far the clock of another system may be ahead of the ledger's."""

NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?\s*")


def not_a_number(value: object) -> object:
    """The value itself. `ValueError` where it is a number: it would be taken for seconds since
    1970, and `20261126` is meant as a day."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number or (isinstance(value, str) and NUMBER.fullmatch(value)):
        raise ValueError("Write a time as 2026-11-26T10:00:00Z, not a number.")
    return value


def bounded(at: datetime) -> datetime:
    """The time in UTC, which is meant where no zone is given. `ValueError` where it is not from
    `EARLIEST` to `LATEST`."""
    naive = at.tzinfo is None
    try:
        utc = at.replace(tzinfo=UTC) if naive else at.astimezone(UTC)
    except OverflowError:
        raise ValueError(OUT_OF_BOUNDS) from None
    if not EARLIEST <= utc <= LATEST:
        raise ValueError(OUT_OF_BOUNDS)
    return utc


def refuse_future(at: datetime | None, ctx: Context, field: str = "occurred_at") -> None:
    """`Invalid` naming `field` where a fact would have happened later than now, by more than the
    clocks of two systems may differ."""
    if at is not None and at > ctx.now + CLOCK_SKEW_MAX:
        raise invalid_field(
            field,
            "It is still to come. Write when it happened, in UTC or with its zone, or leave the"
            " field out if it happened just now.",
        )


def dated(
    changes: Sequence[Change], at: datetime | None, ctx: Context, field: str = "occurred_at"
) -> Sequence[Change]:
    """The changes, all of which happened `at` a time, or now where it is None. `Invalid` as in
    `refuse_future`."""
    if at is None:
        return changes
    refuse_future(at, ctx, field)
    return [Change(change.event, at) for change in changes]


def moment(text: str, field: str = "as_of") -> Position | datetime:
    """A position, or a time: RFC 3339, UTC where no zone is given; a day alone is its last
    microsecond. `Invalid` names `field` where it is neither."""
    if text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX:
        return int(text)
    try:
        return _time(text)
    except (ValueError, OverflowError) as error:
        raise invalid_field(
            field,
            f"{text[:50]!r} is neither a position nor a time. Write 1234 or 2010-12-01T08:26:00Z"
            " (in a URL, a + is written %2B).",
        ) from error


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if len(text) == len("2010-12-01"):
        at += timedelta(days=1, microseconds=-1)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
