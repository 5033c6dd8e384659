"""Postal areas of a country."""

from __future__ import annotations

from typing import Any

from oms_commands.routing.put_postal_areas import PutPostalAreas
from oms_ledger.domain.geography import point_of
from oms_ledger.domain.routing.events import PostalArea, PostalAreasDefined
from oms_ledger.domain.routing.state import PostalAreas
from oms_ledger.testing import given

LEEDS: dict[str, Any] = {"prefix": "LS", "latitude": 53.8, "longitude": -1.55}
MIDDLE: dict[str, Any] = {"prefix": "", "latitude": 52.5, "longitude": -1.5}
AREAS = PostalAreasDefined(
    "GB", (PostalArea("", point_of(52.5, -1.5)), PostalArea("LS", point_of(53.8, -1.55))), "Map"
)


def test_they_are_kept_whole_and_once() -> None:
    body: dict[str, Any] = {"country": "GB", "areas": [LEEDS, MIDDLE], "origin": "Map"}
    decision = given().when(PutPostalAreas, **body)
    decision.then(AREAS)
    assert decision.answer == {"country": "GB", "areas": 2, "origin": "Map", "version": 1}
    given(AREAS).when(PutPostalAreas, **body).then()
    fewer = given(AREAS).when(PutPostalAreas, country="GB", areas=[LEEDS])
    fewer.then(PostalAreasDefined("GB", (PostalArea("LS", point_of(53.8, -1.55)),)))


def test_a_prefix_is_short_and_there_once() -> None:
    twice = given().when(PutPostalAreas, country="GB", areas=[LEEDS, LEEDS])
    twice.then_refused("invalid_fields")
    for prefix in ("LS14", "ls", "L S"):
        wrong = given().when(PutPostalAreas, country="GB", areas=[{**LEEDS, "prefix": prefix}])
        wrong.then_invalid("areas.0.prefix")


def test_the_smallest_area_counts_and_else_the_country() -> None:
    areas = PostalAreas()
    areas.apply(AREAS)
    assert areas.point_of("LS1") == areas.point_of("LS") == point_of(53.8, -1.55)
    assert areas.point_of("L1") == areas.point_of(None) == point_of(52.5, -1.5)
    assert PostalAreas().point_of("LS1") is None
