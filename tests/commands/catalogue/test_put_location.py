"""Defining places."""

from __future__ import annotations

import pytest

from oms_commands.catalogue.put_location import PutLocation
from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.testing import given


def test_a_place_is_defined_with_its_priority() -> None:
    decision = given().when(
        PutLocation,
        code="LON",
        name="London",
        type="store",
        address={"line1": "1 High St", "city": "London", "country": "GB"},
        priority=3,
        daily_capacity=200,
    )
    site = Site("1 High St", None, "London", None, None, "GB")
    decision.then(LocationDefined("LON", "London", "store", site, 3, 200))
    assert (decision.answer["version"], decision.answer["name"]) == (1, "London")


def test_an_address_may_be_one_line_of_text() -> None:
    given().when(PutLocation, code="LON", name="London", address="1 High St").then(
        LocationDefined("LON", "London", "warehouse", Site("1 High St"), 100, None)
    )


def test_the_same_again_changes_nothing_and_another_definition_replaces_it() -> None:
    defined = LocationDefined("LON", "London", "warehouse", Site(), 100, None)
    given(defined).when(PutLocation, code="LON", name="London").then()
    given(defined).when(PutLocation, code="LON", name="London", priority=1).then(
        LocationDefined("LON", "London", "warehouse", Site(), 1, None)
    )


def test_a_code_that_differs_only_in_case_is_taken() -> None:
    defined = LocationDefined("LON", "London", "warehouse", Site(), 100, None)
    taken = given(defined).when(PutLocation, code="lon", name="Lonely").then_refused("code_taken")
    assert "LON" in taken.detail
    both = (defined, LocationDefined("lon", "Lonely", "warehouse", Site(), 100, None))
    assert given(*both).when(PutLocation, code="lon", name="Lonelier").events, "they were there"
    assert given(defined).when(PutLocation, code="LON2", name="London 2").events


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "a b"),
        ("code", "-x"),
        ("name", ""),
        ("type", "garage"),
        ("priority", -1),
        ("daily_capacity", -1),
    ],
)
def test_what_cannot_be_names_its_field(field: str, value: object) -> None:
    fields = {"code": "LON", "name": "London", field: value}
    given().when(PutLocation, **fields).then_invalid(field)
