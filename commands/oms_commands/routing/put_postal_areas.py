"""Uploading where the postal areas of a country are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from oms_commands._fields import STRICT, Country, Text
from oms_commands.routing._fields import PostalAreaFields
from oms_ledger.domain.errors import invalid_field
from oms_ledger.domain.geography import point_of
from oms_ledger.domain.routing.answers import PostalAreasAnswer
from oms_ledger.domain.routing.events import PostalArea, PostalAreasDefined
from oms_ledger.domain.routing.state import PostalAreas
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutPostalAreas(Command):
    """Upload where the postal areas of a country are, all of them together.

    The rule `nearest` measures from there: from the longest prefix of an address, or else from the
    middle of the country. Prefixes have at most three characters, which is all that is kept of a
    postal code for routing.
    """

    name: ClassVar[str] = "PutPostalAreas"
    route: ClassVar[Route] = Route("PUT", "/v1/postal-areas/{country}")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = PostalAreasAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "areas": [
            {"prefix": "", "latitude": 52.5, "longitude": -1.5},
            {"prefix": "LS", "latitude": 53.8, "longitude": -1.55},
        ],
        "origin": "GeoNames, 2026",
    }

    country: Country
    areas: Annotated[tuple[PostalAreaFields, ...], Field(max_length=5000)]
    origin: Annotated[Text | None, Field(description="Where the table is from.")] = None

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(PostalAreas, self.country)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        prefixes: set[str] = set()
        for n, each in enumerate(self.areas):
            if each.prefix in prefixes:
                raise invalid_field(f"areas.{n}.prefix", "It is there already. Write it once.")
            prefixes.add(each.prefix)
        areas = tuple(
            PostalArea(each.prefix, point_of(each.latitude, each.longitude))
            for each in sorted(self.areas, key=lambda each: each.prefix)
        )
        before = given.state(PostalAreas, self.country)
        points = {area.prefix: area.point for area in areas}
        if before.version and (before.points, before.origin) == (points, self.origin):
            return ()
        return [Change(PostalAreasDefined(self.country, areas, self.origin))]

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        areas = given.state(PostalAreas, self.country)
        return {
            "country": self.country,
            "areas": len(areas.points),
            "origin": areas.origin,
            "version": areas.version,
        }
