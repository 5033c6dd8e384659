"""Periods of the calendar, and which of them applies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from oms_commands.customers.set_retention import SetRetention
from oms_ledger.domain.customers.retention import (
    KINDS,
    OF_PERSONS,
    SHORTEST,
    Period,
    Retention,
    RetentionSet,
)


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "now", "began"),
    [
        ("1d", at(2026, 3, 1), at(2026, 2, 28)),
        ("90d", at(2026, 5, 1), at(2026, 1, 31)),
        ("1m", at(2026, 3, 31), at(2026, 2, 28)),
        ("1m", at(2026, 1, 15), at(2025, 12, 15)),
        ("18m", at(2026, 2, 28), at(2024, 8, 28)),
        ("12m", at(2026, 12, 31), at(2025, 12, 31)),
        ("1y", at(2024, 2, 29), at(2023, 2, 28)),
        ("10y", at(2026, 11, 25), at(2016, 11, 25)),
    ],
)
def test_a_period_began_that_long_ago(text: str, now: datetime, began: datetime) -> None:
    assert Period.of(text).before(now) == began


@pytest.mark.parametrize("text", ["0d", "d", "1", "1w", "1Y", " 1y", "201y", "99999m"])
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="90d, 18m or 10y"):
        Period.of(text)


@pytest.mark.parametrize("text", ["73000d", "2400m", "200y"])
def test_a_period_longer_than_the_calendar_began_with_it(text: str) -> None:
    assert Period.of(text).before(at(100, 1, 1)) == datetime.min.replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["1\u0662d", "1_0d", "+1d", " 1d"])
def test_a_period_is_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match="90d, 18m or 10y"):
        Period.of(text)


def test_which_is_shorter() -> None:
    assert Period.of("89d").shorter_than(Period.of("90d"))
    assert Period.of("3m").shorter_than(Period.of("90d"))
    assert not Period.of("4m").shorter_than(Period.of("90d"))


def policy(*events: RetentionSet) -> Retention:
    state = Retention()
    for event in events:
        state.apply(event)
    return state


def test_a_countrys_own_period_goes_before_that_of_all() -> None:
    state = policy(RetentionSet("customers", None, "6y"), RetentionSet("customers", "DE", "10y"))
    assert state.applying("customers", "DE") == ("DE", "10y")
    assert state.applying("customers", "GB") == (None, "6y")
    assert state.applying("customers", None) == (None, "6y")
    assert state.applying("guests", "DE") is None


def test_the_newest_word_counts_and_none_is_for_ever() -> None:
    first = RetentionSet("guests", None, "6y"), RetentionSet("guests", None, "2y")
    assert policy(*first).applying("guests", "FR") == (None, "2y")
    assert policy(*first, RetentionSet("guests", None, None)).applying("guests", "FR") is None


def test_every_kind_can_be_set_and_those_of_records_have_a_shortest() -> None:
    for kind in KINDS:
        assert SetRetention(kind, "10y")  # type: ignore[arg-type]  # one of the kinds
    assert set(SHORTEST) == set(KINDS) - set(OF_PERSONS)
