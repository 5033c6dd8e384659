"""Distances and postal areas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms_ledger.domain.geography import (
    EARTH_METRES,
    POSTAL_AREA_CHARACTERS,
    GeoPoint,
    metres_between,
    point_of,
    postal_area,
    shared_prefix,
)

LONDON, LEEDS = point_of(51.5074, -0.1278), point_of(53.8008, -1.5491)
PARIS = point_of(48.8566, 2.3522)
POINTS = st.builds(
    point_of,
    st.floats(-90, 90, allow_nan=False),
    st.floats(-180, 180, allow_nan=False),
)


@pytest.mark.parametrize(
    ("one", "other", "km"), [(LONDON, LEEDS, 272), (LONDON, PARIS, 344), (LONDON, LONDON, 0)]
)
def test_distances_are_those_of_the_map(one: GeoPoint, other: GeoPoint, km: int) -> None:
    assert round(metres_between(one, other) / 1000) == km


@given(POINTS, POINTS)
def test_a_distance_is_the_same_both_ways_and_at_most_half_the_globe(
    one: GeoPoint, other: GeoPoint
) -> None:
    there = metres_between(one, other)
    assert there == metres_between(other, one)
    assert 0 <= there <= EARTH_METRES * 3.1416


@pytest.mark.parametrize(
    ("country", "code", "area"),
    [
        ("GB", "SW1Y 4JH", "SW1"),
        ("GB", "M1 1AE", "M1"),
        ("GB", "M11 4BB", "M11"),
        ("GB", "LS1", "LS1"),
        ("US", "94103-1234", "941"),
        ("US", "03601", None),
        ("CH", "03601", "036"),
        ("CA", "K1A 0B6", "K1A"),
        ("DE", "10115", "101"),
        ("NL", "1012 ab", "101"),
        (None, "10115", "101"),
        ("FR", " - ", None),
        ("GR", "Ω", None),
    ],
)
def test_an_area_is_the_beginning_of_a_code(
    country: str | None, code: str, area: str | None
) -> None:
    assert postal_area(country, code) == area


@given(st.text(), st.sampled_from(["GB", "US", "DE", None]))
def test_no_area_has_more_than_three_characters(code: str, country: str | None) -> None:
    area = postal_area(country, code)
    assert area is None or 1 <= len(area) <= POSTAL_AREA_CHARACTERS


def test_texts_share_their_beginning() -> None:
    assert [shared_prefix("101", each) for each in ("", "1", "109", "101", "201")] == [
        0,
        1,
        2,
        3,
        0,
    ]
