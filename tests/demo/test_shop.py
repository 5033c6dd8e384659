"""The generator alone: the same shop for the same day, with everything in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oms_ledger.demo.shop import (
    CHANNELS,
    DAYS,
    DELIVERIES,
    FATES,
    GOODS,
    LOCATIONS,
    NEEDS_TWO,
    NOT_IN_LEEDS,
    ORDERS,
    RECENT_FATES,
    SCARCE,
    Story,
    stories,
)

UNTIL = datetime(2025, 6, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample() -> list[Story]:
    return stories(UNTIL)


def test_a_day_gives_the_same_stories_every_time(sample: list[Story]) -> None:
    assert stories(UNTIL) == sample


def test_another_day_gives_the_same_stories_later(sample: list[Story]) -> None:
    """What lets a ledger's first order tell for which day the shop was made."""
    later = stories(UNTIL + timedelta(days=3))
    assert [s.placed_at - timedelta(days=3) for s in later] == [s.placed_at for s in sample]
    assert [(s.lines, s.customer, s.fate) for s in later] == [
        (s.lines, s.customer, s.fate) for s in sample
    ]


def test_every_fate_and_channel_has_its_stories(sample: list[Story]) -> None:
    assert {s.fate for s in sample} == {name for name, _ in FATES} | set(RECENT_FATES)
    assert {s.channel for s in sample} == set(CHANNELS)
    assert {s.express for s in sample} == {True, False}


def test_orders_are_placed_within_the_days_oldest_first(sample: list[Story]) -> None:
    placed = [s.placed_at for s in sample]
    assert placed == sorted(placed)
    assert UNTIL - timedelta(days=DAYS) <= placed[0]
    assert placed[-1] < UNTIL
    assert len({s.external_id for s in sample}) == ORDERS


def test_nothing_of_a_story_happens_before_its_cause(sample: list[Story]) -> None:
    for s in sample:
        assert s.placed_at < s.confirmed_at < s.packed_at < s.shipped_at < s.delivered_at


def test_what_is_parted_has_two_units(sample: list[Story]) -> None:
    assert all(sum(n for _, n in s.lines) >= 2 for s in sample if s.fate in NEEDS_TWO)


def test_scarce_goods_are_oversold_and_partly_delivered(sample: list[Story]) -> None:
    for sku in SCARCE:
        wanted = sum(n for s in sample for good, n in s.lines if good.sku == sku)
        there = sum(sum(good.stock) for good in GOODS if good.sku == sku)
        coming = sum(d.quantity for d in DELIVERIES if d.sku == sku)
        assert there < wanted
        assert coming > 0


def test_some_goods_do_not_lie_where_most_do() -> None:
    leeds = [place.code for place in LOCATIONS].index("LEEDS")
    assert {good.sku for good in GOODS if not good.stock[leeds]} == set(NOT_IN_LEEDS)
