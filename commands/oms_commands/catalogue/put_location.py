"""Defining a location, or defining it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from oms_commands._fields import COMPOSED, STRICT, Code, Count, Latitude, Longitude, Text
from oms_commands.catalogue._fields import SiteFields
from oms_ledger.domain.catalogue.answers import LocationDefinedAnswer
from oms_ledger.domain.catalogue.events import LocationDefined, Site
from oms_ledger.domain.catalogue.state import Location
from oms_ledger.domain.errors import Refused
from oms_ledger.domain.geography import GeoPoint, coordinates_view, point_of
from oms_ledger.domain.json_values import plain
from oms_ledger.domain.patterns import PRINTABLE
from oms_ledger.kernel import Change, Command, Context, Given, Json, Ref, Route


@dataclass(frozen=True, slots=True, config=STRICT)
class PutLocation(Command):
    """Define a location that holds stock. Locations with a lower `priority` are allocated first.

    `address` is an object, or one line of text; `latitude` and `longitude` are degrees (WGS 84),
    and come together. `daily_capacity` is in units. Of a `closed` location nothing is sold any
    more; units that are allocated there stay until they are routed anew: POST
    /v1/orders/{order_id}/reroute. A new code that differs from another only in case is refused.
    """

    name: ClassVar[str] = "PutLocation"
    route: ClassVar[Route] = Route("PUT", "/v1/locations/{code}")
    scope: ClassVar[str] = "stock:write"
    answer_type: ClassVar[type] = LocationDefinedAnswer
    example: ClassVar[Mapping[str, Json]] = {
        "name": "London",
        "type": "warehouse",
        "address": {"line1": "1 Dock Road", "city": "London", "country": "GB"},
        "priority": 1,
        "daily_capacity": 500,
        "latitude": 51.5,
        "longitude": -0.03,
    }

    code: Code
    name_: Annotated[
        str, Field(alias="name", min_length=1, max_length=200, pattern=PRINTABLE), COMPOSED
    ]
    type: Literal["warehouse", "store", "3pl"] = "warehouse"
    address: SiteFields | Text | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000, strict=True)] = 100
    daily_capacity: Count | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    closed: bool = False

    @model_validator(mode="after")
    def _coordinates_come_together(self) -> PutLocation:
        if (self.latitude is None) != (self.longitude is None):
            missing = "latitude" if self.latitude is None else "longitude"
            raise ValueError(f"{missing}: write both coordinates, or neither")
        return self

    def reads(self, ctx: Context, given: Given) -> Iterable[Ref]:
        return [(Location, self.code)]

    def decide(self, ctx: Context, given: Given) -> Sequence[Change]:
        event = LocationDefined(
            self.code,
            self.name_,
            self.type,
            self._site(),
            self.priority,
            self.daily_capacity,
            self._point(),
            self.closed,
        )
        defined = given.state(Location, self.code).defined
        if event == defined:
            return ()
        if defined is None:
            self._refuse_twin(given)
        return [Change(event)]

    def _refuse_twin(self, given: Given) -> None:
        """`Refused` where a location has the same code but for its case."""
        for place in given.all(Location):
            twin = place.defined
            if twin is not None and twin.code.lower() == self.code.lower():
                raise Refused(
                    f"There is a location {twin.code} already, and codes of locations differ in"
                    f" more than case. Use {twin.code}, or another code.",
                    code="code_taken",
                    errors=[{"field": "code", "location": twin.code}],
                )

    def answer(self, ctx: Context, given: Given) -> Mapping[str, Json]:
        return {
            "code": self.code,
            "name": self.name_,
            "type": self.type,
            "address": plain(self._site()),
            "priority": self.priority,
            "daily_capacity": self.daily_capacity,
            **coordinates_view(self._point()),
            "closed": self.closed,
            "version": given.state(Location, self.code).version,
        }

    def _point(self) -> GeoPoint | None:
        if self.latitude is None or self.longitude is None:
            return None
        return point_of(self.latitude, self.longitude)

    def _site(self) -> Site:
        place = self.address
        if place is None:
            return Site()
        if isinstance(place, str):
            return Site(line1=place)
        return Site(
            place.line1, place.line2, place.city, place.region, place.postal_code, place.country
        )
